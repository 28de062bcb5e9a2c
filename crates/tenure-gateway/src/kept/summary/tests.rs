use super::*;

/// Reads a body in pieces of this size.
fn read(content_type: &str, body: &[u8], piece: usize) -> Summary {
    let mut reading = Reading::of_type(content_type.as_bytes());
    body.chunks(piece).for_each(|piece| reading.feed(piece));
    reading.finish()
}

fn text(name: &str, text: &str) -> Field {
    Field { name: name.into(), value: Shown::Text { text: text.into(), whole: true } }
}

fn file(field: &str, name: &str, size: u64) -> Field {
    Field { name: field.into(), value: Shown::File { name: name.into(), size } }
}

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
const FILES: &str = "multipart/form-data; boundary=----b";

const PARTS: &[u8] = b"------b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nBo\xc3\xa4t\r\n--no\r\n\
    ------b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhush\r\n\
    ------b\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n\
    ------b\r\ncontent-disposition: form-data; filename=\"a%22b;=.jpg\"; name=\"picture\"\r\nContent-Type: image/jpeg\r\n\r\n\
    \xff\xd8\r\n------\x00\r\n\r\n\r\n\
    ------b\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n\
    ------b--\r\nepilogue";

#[test]
fn a_form_is_read_whatever_pieces_it_comes_in() {
    let body = b"name=Ada+Lovelace&town=Z%C3%BCrich&password=hush&empty=&flag&&last=1";
    let secret = Field { name: "password".into(), value: Shown::Secret };
    let expected = vec![
        text("name", "Ada Lovelace"),
        text("town", "Zürich"),
        secret.clone(),
        text("empty", ""),
        text("flag", ""),
        text("last", "1"),
    ];
    for piece in 1..=body.len() {
        assert_eq!(read(FORM, body, piece).fields, expected, "pieces of {piece}");
    }
    let expected =
        vec![text("title", "Boät\r\n--no"), secret, text("empty", ""), file("picture", "a\"b;=.jpg", 15)];
    for piece in 1..=PARTS.len() {
        let summary = read(FILES, PARTS, piece);
        assert!(summary.is_form);
        assert_eq!(summary.fields, expected, "pieces of {piece}");
    }
}

#[test]
fn long_values_and_many_fields_are_cut() {
    let long = format!("text={}&b=c", "é".repeat(100_000));
    let summary = read(FORM, long.as_bytes(), 64 * 1024);
    let Shown::Text { text: shown, whole } = &summary.fields[0].value else { panic!("{summary:?}") };
    assert_eq!((shown.chars().count(), *whole), (300, false));
    assert_eq!(summary.fields[1], text("b", "c"));
    let many = "a=b&".repeat(1000);
    let summary = read(FORM, many.as_bytes(), 4096);
    assert_eq!((summary.fields.len(), summary.more), (200, 800));
}

#[test]
fn what_is_no_form_is_not_taken_for_one_and_broken_ones_are_read_as_far_as_they_go() {
    for kind in
        ["application/json", "", "text/plain", "multipart/form-data", "multipart/form-data; boundary=\"\""]
    {
        assert_eq!(read(kind, b"a=b", 2), Summary::default(), "{kind}");
    }
    let cut = &PARTS[..150];
    assert_eq!(read(FILES, cut, 7).fields[0], text("title", "Boät\r\n--no"));
    let endless = [b"------b\r\n".to_vec(), vec![b'x'; 1 << 20]].concat();
    assert_eq!(read(FILES, &endless, 64 * 1024).fields, []);
    assert_eq!(read(FILES, b"------b", 64).fields, []);
}

#[test]
fn a_line_or_head_that_is_too_long_is_no_part_whatever_pieces_it_comes_in() {
    let part = "Content-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n------b--";
    for (padding, is_part) in [(254, true), (255, false), (400, false)] {
        let body = format!("------b{}\r\n{part}", " ".repeat(padding));
        for piece in 1..=body.len() {
            let fields = read(FILES, body.as_bytes(), piece).fields;
            assert_eq!(!fields.is_empty(), is_part, "{padding} spaces, pieces of {piece}");
        }
    }
    let body = format!("------b\r\nX: {}\r\n{part}", "x".repeat(16 * 1024));
    for piece in [1, 100, body.len()] {
        assert!(read(FILES, body.as_bytes(), piece).fields.is_empty(), "pieces of {piece}");
    }
}
