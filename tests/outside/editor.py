#!/usr/bin/env python3
"""Does `loopcheck server` work with a real client?

The client is that of pytest-lsp, with the abilities that VS Code and Neovim announce. It refuses
what the protocol does not allow, and what the editor has not said it can do.
"""

import argparse
import asyncio
import pathlib
import subprocess
import sys
import warnings

from surroundings import python, sample, tools

PATIENCE = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loopcheck", required=True, help="the binary")
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    loopcheck = str(pathlib.Path(arguments.loopcheck).resolve())
    tools(work)
    interpreter = python(work / "tools")
    if pathlib.Path(sys.executable) != pathlib.Path(interpreter):
        return subprocess.run([interpreter, __file__, *sys.argv[1:]]).returncode

    import pytest_lsp

    # What the client has to complain of ends the script.
    warnings.simplefilter("error", pytest_lsp.LspSpecificationWarning)
    for editor in ["visual-studio-code", "neovim"]:
        asyncio.run(asyncio.wait_for(edit(editor, loopcheck, sample(work / "edited")), PATIENCE))
        print(f"a client with the abilities of {editor}: shown, explained, cured", flush=True)
    return 0


async def edit(editor: str, loopcheck: str, project: pathlib.Path) -> None:
    from lsprotocol import types
    from pytest_lsp import client_capabilities, make_test_lsp_client

    client = make_test_lsp_client()
    client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda *_: None)
    await client.start_io(loopcheck, "server", cwd=project)
    uri = (project / "main.py").as_uri()
    folder = types.WorkspaceFolder(uri=project.as_uri(), name="sample")
    answer = await client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(editor), root_uri=project.as_uri(), workspace_folders=[folder]
        )
    )
    assert answer.server_info is not None and answer.server_info.name == "loopcheck", answer

    async def shown(*codes: str) -> None:
        """Waits until exactly these findings are shown in the program."""
        while [diagnostic.code for diagnostic in client.diagnostics.get(uri, ())] != list(codes):
            await asyncio.sleep(0.02)

    # Something that needs two units of UTF-16 stands before the call.
    text = (project / "main.py").read_text().replace("\nui.run(", '\n"😀"; ui.run(')
    item = types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    await shown("LC201")
    (diagnostic,) = client.diagnostics[uri]
    start = diagnostic.range.start
    assert (start.line, start.character) == (23, 6), diagnostic.range

    name = types.TextDocumentIdentifier(uri=uri)
    hover = await client.text_document_hover_async(types.HoverParams(text_document=name, position=start))
    assert hover is not None and "policy-ignored (LC201)" in hover.contents.value, hover

    context = types.CodeActionContext(diagnostics=[diagnostic])
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(text_document=name, range=diagnostic.range, context=context)
    )
    one, everything = actions or []
    assert (one.kind, everything.kind) == ("quickfix", "source.fixAll.loopcheck"), actions
    fixed = [edited(text, edits_of(action.edit, uri)) for action in [one, everything]]
    assert fixed[0] == fixed[1] and 'loop="asyncio:SelectorEventLoop"' in fixed[0], fixed
    compile(fixed[0], "main.py", "exec")

    version = types.VersionedTextDocumentIdentifier(uri=uri, version=2)
    whole = types.TextDocumentContentChangeWholeDocument(text=fixed[0])
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(text_document=version, content_changes=[whole])
    )
    await shown()

    # Closed without saving: what stands on the disk counts again, until it is excluded.
    client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=name))
    await shown("LC201")
    configuration = project / "loopcheck.toml"
    configuration.write_text('exclude = ["legacy"]\nignore = ["LC201", "LC1"]\n')
    change = types.FileEvent(uri=configuration.as_uri(), type=types.FileChangeType.Changed)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[change]))
    await shown()

    await client.shutdown_session()
    await client.stop()


def edits_of(edit: object, uri: str) -> list[object]:
    """The edits of the one file that they are for."""
    if edit.document_changes is None:
        assert list(edit.changes) == [uri], edit
        return edit.changes[uri]
    (document,) = edit.document_changes
    assert (document.text_document.uri, document.text_document.version) == (uri, 1), edit
    return document.edits


def edited(text: str, edits: list[object]) -> str:
    """The text with the edits in it, as an editor puts them in: by UTF-16 units, from the end."""

    def offset(position: object) -> int:
        lines = text.splitlines(keepends=True)[: position.line + 1]
        column = "".join(lines[position.line :]).encode("utf-16-le")[: 2 * position.character]
        return len("".join(lines[: position.line])) + len(column.decode("utf-16-le"))

    places = [(offset(edit.range.start), offset(edit.range.end), edit.new_text) for edit in edits]
    for start, end, new in sorted(places, reverse=True):
        text = text[:start] + new + text[end:]
    return text


if __name__ == "__main__":
    sys.exit(main())
