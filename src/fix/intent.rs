//! What a fix wants of one file, before anyone has looked at how the file is written.

use crate::ir::Span;

/// One wish. Spans are those of the IR: bytes of the decoded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Put the guarded policy at the module's top level: below docstring, `__future__` and imports,
    /// above the top-level statement `before`. Where `before` is an import, the policy goes directly
    /// above it, because that import starts or captures a loop.
    InsertPolicy {
        before: Span,
        /// `Some((3, 12))` adds `and sys.version_info < (3, 12)`.
        bound: Option<(u8, u8)>,
        /// Only in the script itself and its spawned children, not when it is imported.
        main_only: bool,
    },
    /// Put the guarded policy directly above this statement, in the same suite.
    InsertPolicyHere { before: Span, bound: Option<(u8, u8)> },
    /// Set or replace a keyword of the call.
    SetKeyword {
        call: Span,
        name: String,
        value: LoopText,
        /// The keyword may be added where the call passes `**mapping`: no mapping there has this key.
        beside_spread: bool,
    },
    /// Let another expression stand in for the call on this side of a test of the platform. In `text`,
    /// names and quotes are as in [`LoopText`].
    ReplaceCall { call: Span, on: Side, text: String },
    /// Run this statement on Windows only: an expression, such as a call that stands alone. Where it is
    /// all that an `if` holds, the `if` is given a further condition.
    WrapInGuard { statement: Span },
    /// Take the empty parentheses of this call away: what it calls is wanted itself.
    RemoveParentheses { call: Span },
    /// Call the class that stands here.
    Instantiate { class: Span },
    /// Let another text stand in for a string.
    ReplaceString { constant: Span, text: String },
    /// `asyncio.run(main())` with a loop factory on Windows from Python 3.12, as it was elsewhere.
    TwoArmedRun { statement: Span, call: Span },
    /// Put other text in the place of a comment or a part of one.
    ReplaceComment { span: Span, content: String },
    /// What the comments above and inside this statement say, which is removed, is about the policy that
    /// [`Intent::InsertPolicy`] puts elsewhere: they move there.
    MoveComments { statement: Span },
    /// Put this guarded policy, as it is written, where [`Intent::InsertPolicy`] would put one above
    /// the top-level statement `before`: its test asks for more than the platform.
    MovePolicy { statement: Span, before: Span },
    /// The comments directly above this statement, which is removed, go with it if they are about the
    /// policy that it sets.
    RemoveComments { statement: Span },
    /// Remove the statement, with the `if` or the clause that would be empty without it; `pass` stands in
    /// where the suite has to stay.
    RemoveStatement { statement: Span },
}

impl Intent {
    /// Whether it puts a policy of ours somewhere.
    pub fn sets_policy(&self) -> bool {
        matches!(self, Intent::InsertPolicy { .. } | Intent::InsertPolicyHere { .. })
    }
}

/// A side of a test of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Windows,
    Elsewhere,
}

/// What a keyword is to hold.
///
/// In `windows`, `otherwise` and `Plain`, `{asyncio}` and `{sys}` stand for however the file spells
/// those modules, and double quotes become the file's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoopText {
    /// `windows if sys.platform == "win32" else otherwise`.
    Conditional {
        windows: String,
        /// A further condition, taken from the file as it stands: `not reload`.
        and: Option<String>,
        /// The other arm where the keyword is not there yet; otherwise what was there is kept.
        otherwise: String,
    },
    /// What stands there on Windows, and `otherwise` on the other platforms.
    OnlyOnWindows {
        otherwise: String,
    },
    Plain(String),
}

impl LoopText {
    /// The same, but for a further condition that the other one does not have. Where both are wanted,
    /// this one does: what needs no condition is right with it too, for it was asked for where the
    /// loop is right without the argument.
    pub fn is_within(&self, other: &LoopText) -> bool {
        match (self, other) {
            (
                LoopText::Conditional { windows, and: Some(_), otherwise },
                LoopText::Conditional { windows: other, and: None, otherwise: rest },
            ) => windows == other && otherwise == rest,
            _ => false,
        }
    }
}

/// How the project writes its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub guard: GuardStyle,
    /// Longer lines are broken, as the formatters do. In characters.
    pub line_length: usize,
}

/// How the project asks whether it runs on Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardStyle {
    /// `sys.platform == "win32"`
    SysPlatform,
    /// `platform.system() == "Windows"`
    PlatformSystem,
}
