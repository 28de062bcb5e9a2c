//! Fields of the longer forms, described once and rendered by one template.

#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) kind: Kind,
    pub(crate) autocomplete: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) required: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An `<input>` of this type.
    Input(&'static str),
    /// A decimal number with one digit after the point.
    Decimal,
    Area,
    Select(&'static [&'static str]),
    Radio(&'static [&'static str]),
    Check,
}

/// Fields under one heading.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) fields: &'static [Field],
}

/// A field with what has been written into it so far.
pub(crate) struct Filled {
    pub(crate) field: &'static Field,
    pub(crate) value: String,
    pub(crate) missing: bool,
}

/// A field as a person reads it back.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) label: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Field {
    pub(crate) const fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self { name, label, kind, autocomplete: "", hint: "", required: false }
    }

    pub(crate) const fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    pub(crate) const fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    pub(crate) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Whether it spans the width of the form.
    pub(crate) const fn is_wide(&self) -> bool {
        matches!(self.kind, Kind::Area | Kind::Radio(_) | Kind::Check)
    }
}

/// The last value of that name: what a browser's user saw last.
pub(crate) fn value<'a>(values: &'a [(String, String)], name: &str) -> &'a str {
    values.iter().rev().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

pub(crate) fn fill(fields: &'static [Field], values: &[(String, String)]) -> Vec<Filled> {
    let fill = |field| Filled { field, value: value(values, field.name).to_owned(), missing: false };
    fields.iter().map(fill).collect()
}

/// Every value that arrived, in the order of the form; those of names that it does not have follow.
pub(crate) fn answers(groups: &[Group], values: &[(String, String)]) -> Vec<Answer> {
    let fields: Vec<&Field> = groups.iter().flat_map(|group| group.fields).collect();
    let mut answers = Vec::new();
    for field in &fields {
        answers.extend(values.iter().filter(|(name, _)| name == field.name).map(|(name, value)| Answer {
            label: field.label.to_owned(),
            name: name.clone(),
            value: value.clone(),
        }));
    }
    for (name, value) in values {
        if !fields.iter().any(|field| field.name == name) {
            answers.push(Answer { label: name.clone(), name: name.clone(), value: value.clone() });
        }
    }
    answers
}
