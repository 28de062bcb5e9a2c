//! Forms in HTML, as far as the gateway's own pages go.

use std::fmt::Write as _;

/// A form of a page: where it is sent, and the fields that it brings along.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form {
    /// The path it is sent to.
    pub action: String,
    /// Names and values, in the order of the page.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Every form of a page that is sent by POST.
    pub fn all(html: &str) -> Vec<Self> {
        html.split("<form ")
            .skip(1)
            .filter_map(|rest| {
                let (tag, rest) = rest.split_once('>')?;
                let content = rest.split("</form>").next()?;
                attribute(tag, "method").filter(|method| method.eq_ignore_ascii_case("post"))?;
                Some(Self { action: attribute(tag, "action")?, fields: fields(content) })
            })
            .collect()
    }

    /// The form of a page whose action ends like this.
    ///
    /// # Panics
    /// The page has none.
    pub fn find(html: &str, action: &str) -> Self {
        Self::all(html)
            .into_iter()
            .find(|form| form.action.split('?').next().is_some_and(|path| path.ends_with(action)))
            .unwrap_or_else(|| panic!("no form with the action {action} in this page:\n{html}"))
    }

    /// Sets a field, as if it had been typed.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(found, _)| found != name);
        self.fields.push((name.into(), value.into()));
        self
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body that a browser sends.
    pub fn encode(&self) -> String {
        encode(self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// `application/x-www-form-urlencoded`.
pub fn encode<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        escape(&mut body, name);
        body.push('=');
        escape(&mut body, value);
    }
    body
}

fn escape(into: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => into.push(byte.into()),
            b' ' => into.push('+'),
            _ => {
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

/// The fields that a browser would send although nobody touched them.
fn fields(content: &str) -> Vec<(String, String)> {
    content
        .split("<input ")
        .skip(1)
        .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
        .filter(|tag| {
            let switch = matches!(attribute(tag, "type").as_deref(), Some("checkbox" | "radio"));
            !switch || tag.split_whitespace().any(|word| word == "checked")
        })
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!(" {name}=\"");
    let tag = format!(" {tag}");
    let (_, rest) = tag.split_once(&start)?;
    rest.split_once('"').map(|(value, _)| unescape(value))
}

fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_would_send_it() {
        let html = r#"<form method="get" action="/search"></form>
            <form class="a" method="post" action="/.tenure/sign-in?x=1">
            <input type="hidden" name="form_token" value="a&amp;b&quot;">
            <input name="username" type="text">
            <input type="checkbox" name="remember" value="1">
            <input type="radio" name="one" value="2" checked></form>"#;
        let form = Form::find(html, "/sign-in").fill("username", "ä b");
        assert_eq!(form.encode(), "form_token=a%26b%22&one=2&username=%C3%A4+b");
        assert_eq!(Form::all(html).len(), 1);
    }
}
