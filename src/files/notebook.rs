//! A notebook as one Python text: its code cells, one below the other.

use std::borrow::Cow;

use serde::Deserialize;

/// A code cell of a notebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Counted from 1 over the cells of all kinds, as a reader does.
    pub number: u32,
    /// Its first line in the text, from 1.
    pub line: u32,
}

/// The code of a notebook, and where its cells begin in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    pub text: String,
    pub cells: Vec<Cell>,
}

/// What is read of the format, <https://nbformat.readthedocs.io/en/latest/format_description.html>.
#[derive(Deserialize)]
struct Document<'t> {
    #[serde(borrow, default)]
    cells: Vec<DocumentCell<'t>>,
    #[serde(borrow, default)]
    metadata: Metadata<'t>,
}

#[derive(Deserialize)]
struct DocumentCell<'t> {
    #[serde(borrow, default)]
    cell_type: Cow<'t, str>,
    #[serde(borrow, default)]
    source: Text<'t>,
}

/// One string, or one for each line.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text<'t> {
    Whole(#[serde(borrow)] Cow<'t, str>),
    Lines(Vec<String>),
}

#[derive(Default, Deserialize)]
struct Metadata<'t> {
    #[serde(borrow)]
    language_info: Option<Language<'t>>,
}

#[derive(Deserialize)]
struct Language<'t> {
    #[serde(borrow, default)]
    name: Cow<'t, str>,
}

impl Default for Text<'_> {
    fn default() -> Self {
        Text::Whole(Cow::Borrowed(""))
    }
}

/// Cell magics whose cell is Python all the same.
const PYTHON_MAGICS: [&str; 5] = ["capture", "prun", "python3", "time", "timeit"];

/// Reads the bytes of an `.ipynb`. A notebook in another language has no cells.
///
/// # Errors
///
/// Why it is no notebook, for people, with the 1-based line.
pub fn read(bytes: &[u8]) -> Result<Cells, (String, u32)> {
    let document: Document<'_> = serde_json::from_slice(bytes).map_err(|error| {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX).max(1);
        (format!("this is not a notebook: {error}"), line)
    })?;
    let mut found = Cells::default();
    if document.metadata.language_info.is_some_and(|language| language.name != "python") {
        return Ok(found);
    }
    let mut line = 1;
    for (index, cell) in document.cells.into_iter().enumerate() {
        let source = match cell.source {
            Text::Whole(text) => text.into_owned(),
            Text::Lines(lines) => lines.concat(),
        };
        if cell.cell_type != "code" || is_of_another_language(&source) {
            continue;
        }
        found.cells.push(Cell { number: index as u32 + 1, line });
        found.text.push_str(&source);
        found.text.push('\n');
        line += super::source::line_starts(&source).len() as u32;
    }
    Ok(found)
}

/// Whether a cell begins with a magic such as `%%bash`.
fn is_of_another_language(source: &str) -> bool {
    let first = source.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let magic = first.strip_prefix("%%").map(|rest| rest.split_whitespace().next().unwrap_or(""));
    magic.is_some_and(|magic| !PYTHON_MAGICS.contains(&magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cells_stand_below_each_other() {
        let cells = read(
            br##"{"cells": [
                {"cell_type": "markdown", "source": "# Title"},
                {"cell_type": "code", "source": ["import asyncio\n", "x = 1"], "outputs": []},
                {"cell_type": "code", "source": "%%bash\nls"},
                {"cell_type": "code", "source": "await f()\n"}],
                "metadata": {"language_info": {"name": "python"}}, "nbformat": 4}"##,
        )
        .unwrap();
        assert_eq!(cells.text, "import asyncio\nx = 1\nawait f()\n\n");
        assert_eq!(cells.cells, [Cell { number: 2, line: 1 }, Cell { number: 4, line: 3 }]);
    }

    #[test]
    fn other_languages_have_no_cells_and_other_files_are_refused() {
        let julia = br#"{"cells": [{"cell_type": "code", "source": "f(x)"}],
            "metadata": {"language_info": {"name": "julia"}}}"#;
        assert_eq!(read(julia).unwrap(), Cells::default());
        let (message, line) = read(b"{\n[").unwrap_err();
        assert!(message.starts_with("this is not a notebook: "), "{message}");
        assert_eq!(line, 2);
    }
}
