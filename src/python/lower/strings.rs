//! Strings with replaced expressions.

use ruff_python_ast::{self as ast, InterpolatedStringElement as Element};

use super::Lowering;
use crate::ir::{ExprKind, FStringPart};

impl<'t> Lowering<'t> {
    pub(super) fn f_string(&mut self, string: &'t ast::ExprFString) -> ExprKind {
        let mut parts = Parts::default();
        for part in string.value.iter() {
            match part {
                ast::FStringPart::Literal(literal) => parts.literal(literal.as_str()),
                ast::FStringPart::FString(string) => self.elements(&string.elements, &mut parts),
            }
        }
        ExprKind::FString { parts: parts.finish(), template: false }
    }

    pub(super) fn t_string(&mut self, string: &'t ast::ExprTString) -> ExprKind {
        let mut parts = Parts::default();
        for string in string.value.iter() {
            self.elements(&string.elements, &mut parts);
        }
        ExprKind::FString { parts: parts.finish(), template: true }
    }

    fn elements(&mut self, elements: &'t ast::InterpolatedStringElements, parts: &mut Parts) {
        for element in elements {
            match element {
                Element::Literal(literal) => parts.literal(&literal.value),
                Element::Interpolation(value) => self.interpolation(value, parts),
            }
        }
    }

    fn interpolation(&mut self, value: &'t ast::InterpolatedElement, parts: &mut Parts) {
        let has_conversion = value.conversion != ast::ConversionFlag::None;
        if let Some(text) = &value.debug_text {
            // `{x=}` writes its own text.
            parts.literal(text.as_str());
        }
        let formatted = has_conversion || value.format_spec.is_some() || value.debug_text.is_some();
        parts.value(FStringPart::Value { expr: self.expr(&value.expression), formatted });
        if let Some(spec) = &value.format_spec {
            self.format_spec(spec, parts);
        }
    }

    /// The expressions in a format specification are evaluated as well. They follow the value they
    /// format, as parts of their own; its `formatted` says that the text is not simply theirs.
    fn format_spec(&mut self, spec: &'t ast::InterpolatedStringFormatSpec, parts: &mut Parts) {
        for element in &spec.elements {
            if let Element::Interpolation(value) = element {
                parts.value(FStringPart::Value { expr: self.expr(&value.expression), formatted: true });
                if let Some(spec) = &value.format_spec {
                    self.deeper(super::span_of(value), |this| this.format_spec(spec, parts));
                }
            }
        }
    }
}

/// Parts in order, with neighbouring literals joined.
#[derive(Default)]
struct Parts {
    parts: Vec<FStringPart>,
    literal: String,
}

impl Parts {
    fn literal(&mut self, text: &str) {
        self.literal.push_str(text);
    }

    fn value(&mut self, value: FStringPart) {
        self.flush();
        self.parts.push(value);
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.parts.push(FStringPart::Literal(std::mem::take(&mut self.literal).into()));
        }
    }

    fn finish(mut self) -> Box<[FStringPart]> {
        self.flush();
        self.parts.into()
    }
}
