//! Entity tags of pages with the script. A changed page is another representation, so it has a tag of its own: the
//! application's with a mark, which is taken off again on the way up (RFC 9110 section 8.8.3).

use http::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};

/// The mark before the closing quote. Its number changes with whatever else changes what is added to a page.
const MARK: &str = ";tn1\"";

/// The marked tags that a browser sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Validators {
    marked: Vec<HeaderValue>,
}

impl Validators {
    /// Takes the mark off the tags that a browser holds. `If-Range` keeps it: the application answers an unknown tag with the
    /// whole page, which is right, because ranges of its page don't fit the one that the browser holds.
    pub(super) fn translate(headers: &mut HeaderMap) -> Self {
        let marked = unmark(headers, &IF_NONE_MATCH);
        unmark(headers, &IF_MATCH);
        Self { marked }
    }

    /// Marks the tag of a response.
    pub(super) fn mark(headers: &mut HeaderMap) {
        if let Some(marked) = headers.get(ETAG).and_then(marked) {
            headers.insert(ETAG, marked);
        }
    }

    /// Whether a `304` confirms a page with the script, whose tag is then marked again.
    pub(super) fn mark_confirmed(&self, headers: &mut HeaderMap) -> bool {
        if self.marked.is_empty() {
            return false;
        }
        let Some(tag) = headers.get(ETAG) else { return true };
        let Some(marked) = marked(tag) else { return false };
        let opaque = opaque(&marked);
        let is_held = self.marked.iter().any(|line| line.to_str().is_ok_and(|line| line.contains(opaque)));
        if is_held {
            headers.insert(ETAG, marked);
        }
        is_held
    }
}

/// The lines that held a mark, as they were.
fn unmark(headers: &mut HeaderMap, name: &HeaderName) -> Vec<HeaderValue> {
    let is_marked = |line: &HeaderValue| line.to_str().is_ok_and(|line| line.contains(MARK));
    if !headers.get_all(name).iter().any(is_marked) {
        return Vec::new();
    }
    let lines: Vec<HeaderValue> = headers.get_all(name).iter().cloned().collect();
    headers.remove(name);
    for line in &lines {
        let plain = line.to_str().ok().map(|line| line.replace(MARK, "\""));
        let plain = plain.and_then(|plain| HeaderValue::from_str(&plain).ok());
        headers.append(name, plain.unwrap_or_else(|| line.clone()));
    }
    lines.into_iter().filter(is_marked).collect()
}

fn marked(tag: &HeaderValue) -> Option<HeaderValue> {
    let text = tag.to_str().ok()?;
    let open = text.strip_suffix('"')?;
    open.contains('"').then(|| HeaderValue::from_str(&format!("{open}{MARK}")).ok()).flatten()
}

/// The tag without its weakness, which doesn't count here (RFC 9110 section 13.1.2).
fn opaque(tag: &HeaderValue) -> &str {
    let text = tag.to_str().unwrap_or_default();
    text.strip_prefix("W/").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn tags_are_marked_on_the_way_down_and_plain_on_the_way_up() {
        for (plain, marked) in
            [("\"abc\"", "\"abc;tn1\""), ("W/\"abc\"", "W/\"abc;tn1\""), ("\"\"", "\";tn1\"")]
        {
            let mut down = headers(ETAG, plain);
            Validators::mark(&mut down);
            assert_eq!(down[ETAG], marked);
            let mut up = headers(IF_NONE_MATCH, marked);
            assert_ne!(Validators::translate(&mut up), Validators::default());
            assert_eq!(up[IF_NONE_MATCH], plain);
        }
        let mut broken = headers(ETAG, "abc");
        Validators::mark(&mut broken);
        assert_eq!(broken[ETAG], "abc");
    }

    #[test]
    fn lists_keep_the_tags_that_are_not_ours() {
        let mut up = headers(IF_NONE_MATCH, "\"a;tn1\", W/\"b\", \"c,d;tn1\"");
        Validators::translate(&mut up);
        assert_eq!(up[IF_NONE_MATCH], "\"a\", W/\"b\", \"c,d\"");
        let mut star = headers(IF_MATCH, "*");
        Validators::translate(&mut star);
        assert_eq!(star[IF_MATCH], "*");
    }

    #[test]
    fn a_confirmation_is_marked_only_for_the_page_that_is_held() {
        let mut up = headers(IF_NONE_MATCH, "\"a;tn1\", \"b\"");
        let validators = Validators::translate(&mut up);
        let mut held = headers(ETAG, "W/\"a\"");
        assert!(validators.mark_confirmed(&mut held));
        assert_eq!(held[ETAG], "W/\"a;tn1\"");
        let mut other = headers(ETAG, "\"b\"");
        assert!(!validators.mark_confirmed(&mut other));
        assert_eq!(other[ETAG], "\"b\"");
        assert!(!Validators::default().mark_confirmed(&mut headers(ETAG, "\"a\"")));
    }
}
