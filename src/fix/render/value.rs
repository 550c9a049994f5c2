//! Values of ours, and how they are broken over lines where one is too short.

use crate::fix::intent::LoopText;

use super::Draft;
use super::layout::width;

/// What comes in the place of an expression.
pub enum Value {
    Plain(String),
    Conditional { windows: String, test: String, otherwise: String },
}

impl Value {
    /// `old` is what stood there, which a conditional keeps as its other arm.
    pub fn new(draft: &mut Draft, text: &LoopText, old: Option<String>, at: u32) -> Result<Value, String> {
        match text {
            LoopText::Plain(value) => Ok(Value::Plain(draft.spelled(value, at)?)),
            LoopText::OnlyOnWindows { otherwise } => {
                let windows = old.ok_or("the argument does not stand where it could be changed")?;
                let test = draft.windows_test(at)?;
                Ok(Value::Conditional { windows, test, otherwise: draft.spelled(otherwise, at)? })
            }
            LoopText::Conditional { windows, and, otherwise } => {
                let mut test = draft.windows_test(at)?;
                if let Some(and) = and {
                    test = format!("{test} and {and}");
                }
                let otherwise = match old {
                    Some(old) => old,
                    None => draft.spelled(otherwise, at)?,
                };
                Ok(Value::Conditional { windows: draft.spelled(windows, at)?, test, otherwise })
            }
        }
    }

    /// Everything in one line.
    pub fn flat(&self) -> String {
        match self {
            Value::Plain(value) => value.clone(),
            Value::Conditional { windows, test, otherwise } => {
                format!("{windows} if {test} else {otherwise}")
            }
        }
    }

    /// The value, in parentheses where one line is too short. `before` is what stands to the left in
    /// the value's line after the indentation, `after` what follows. The line will be moved `deeper`
    /// columns to the right.
    pub fn fitted(&self, draft: &Draft, indent: &str, before: &str, after: &str, deeper: usize) -> String {
        let flat = self.flat();
        if deeper + width(&format!("{indent}{before}{flat}{after}")) <= draft.style.line_length
            || flat.contains('\n')
        {
            return flat;
        }
        self.opened(draft, indent, deeper)
    }

    /// The value in parentheses, below a line that is indented so.
    pub fn opened(&self, draft: &Draft, indent: &str, deeper: usize) -> String {
        let newline = draft.layout.newline;
        let inner = format!("{indent}{}", draft.layout.unit(indent));
        format!("({newline}{inner}{}{newline}{indent})", self.lines(draft, &inner, "", deeper))
    }

    /// The value where brackets let it run over lines: one line if it and `after` fit, otherwise a
    /// line for each arm. The first line's indentation is there already.
    pub fn lines(&self, draft: &Draft, indent: &str, after: &str, deeper: usize) -> String {
        let fits = |line: &str| deeper + width(indent) + width(line) <= draft.style.line_length;
        let flat = self.flat();
        let Value::Conditional { windows, test, otherwise } = self else { return flat };
        if fits(&format!("{flat}{after}")) {
            return flat;
        }
        let inner = format!("{}{indent}", draft.layout.newline);
        let unit = draft.layout.unit(indent);
        let windows = match arms(windows).filter(|_| !fits(windows)) {
            Some(arms) => format!("({inner}{unit}{}{inner})", arms.join(&format!("{inner}{unit}"))),
            None => windows.clone(),
        };
        format!("{windows}{inner}if {test}{inner}else {otherwise}")
    }
}

/// The lines of a conditional of our own that stands in parentheses.
fn arms(source: &str) -> Option<[String; 3]> {
    let inside = source.strip_prefix('(')?.strip_suffix(')')?;
    let (value, rest) = inside.split_once(" if ")?;
    let (test, otherwise) = rest.split_once(" else ")?;
    Some([value.to_string(), format!("if {test}"), format!("else {otherwise}")])
}
