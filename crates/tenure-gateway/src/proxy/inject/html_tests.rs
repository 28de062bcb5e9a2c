use super::*;

const TAG: &str = "<T>";

fn injected(pieces: &[&[u8]]) -> Vec<u8> {
    let mut inserter = Inserter::new(Bytes::from_static(TAG.as_bytes()));
    let mut page = Vec::new();
    for piece in pieces {
        inserter.push(Bytes::copy_from_slice(piece), |bytes| page.extend_from_slice(&bytes));
    }
    page.extend_from_slice(&inserter.finish());
    page
}

/// `|` marks the place.
const PAGES: [&str; 31] = [
    "<!doctype html><html><head>|<title>x</title></head><body></body></html>",
    "<!DOCTYPE html>\n<HTML lang=\"en\">\n<HEAD data-x='>'>|\n<meta charset=utf-8>",
    "<!doctype html><!-- <head> --><html><!-- <script> --><head>|",
    "<html><head/>|<script>x</script>",
    "<html data-a=\"<head>\" b='>' c=d>\n<head\n>|<link>",
    "<!doctype html>|<script>document.write('<head>')</script><head>",
    "<html>|<template><head></template>",
    "<html>|<body><p>no head</p>",
    "<!doctype html>|<title>x</title><p>Hello",
    "|Hello, world",
    "\u{feff}<!doctype html><html><head>|",
    "\u{feff}|text",
    "|<header>not a head</header>",
    "|<h1>short</h1>",
    "<!--><html><head>|",
    "<!---><html><head>|",
    "<!----><html><head>|",
    "<!--!><head> --><html><head>|",
    "<!----!><head>|",
    "<!-- a --!><head>|",
    "<!-- a -- > <head> --><head>|",
    "<!-- a --!x> <head> --><head>|",
    "<?xml version=\"1.0\"?><!DOCTYPE html><html xmlns=\"x\"><head>|",
    "<!-x><head>|",
    "|</p><head>",
    "|< html><head>",
    "<html =\"x><head>|",
    "<html a = \">\" / b/><head a=b/>|",
    "<html a='\"' b=\"'>\"><head>|",
    "|<heads><head>",
    "<html>\n  |<frameset><frame src=a></frameset>",
];

#[test]
fn the_script_goes_where_the_head_begins() {
    for page in PAGES {
        let plain = page.replace('|', "");
        let expected = page.replace('|', TAG);
        assert_eq!(String::from_utf8(injected(&[plain.as_bytes()])).unwrap(), expected);
    }
}

#[test]
fn a_split_at_any_byte_gives_the_same_page() {
    for page in PAGES {
        let plain = page.replace('|', "").into_bytes();
        let expected = page.replace('|', TAG).into_bytes();
        for split in 0..=plain.len() {
            assert_eq!(injected(&[&plain[..split], &plain[split..]]), expected, "{page} split at {split}");
        }
        let bytes: Vec<&[u8]> = plain.chunks(1).collect();
        assert_eq!(injected(&bytes), expected, "{page} byte by byte");
    }
}

#[test]
fn pages_without_a_place_pass_unchanged() {
    for page in [
        &b""[..],
        b" \n",
        b"<!doctype html>",
        b"<!-- <head>",
        b"<html",
        b"<",
        b"\xff\xfe<\0h\0",
        b"\xfe\xff\0<",
        b"\0<",
    ] {
        assert_eq!(injected(&[page]), page);
    }
}

#[test]
fn the_search_is_given_up_after_64_kib() {
    let late = format!("<!--{}--><head></head>", "x".repeat(PATIENCE));
    assert_eq!(injected(&[late.as_bytes()]), late.as_bytes());
    let pieces: Vec<&[u8]> = late.as_bytes().chunks(1000).collect();
    assert_eq!(injected(&pieces), late.as_bytes());
    let in_time = format!("<!--{}--><head>", "x".repeat(PATIENCE - 20));
    assert_eq!(injected(&[in_time.as_bytes()]), format!("{in_time}{TAG}").as_bytes());
}

#[test]
fn random_pages_lose_nothing_and_do_not_depend_on_how_they_arrive() {
    const PIECES: [&str; 18] = [
        "<!doctype html>",
        "<!--",
        "-->",
        "--!>",
        "<html",
        "<head",
        ">",
        "/",
        " ",
        "a=\"",
        "\"",
        "'",
        "=",
        "<script>",
        "</",
        "x",
        "<!",
        "\n",
    ];
    for seed in 1..=20_000_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut below = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).unwrap()
        };
        let count = below(16);
        let page: String = (0..count).map(|_| PIECES[below(PIECES.len())]).collect();
        let whole = injected(&[page.as_bytes()]);
        let text = String::from_utf8(whole.clone()).unwrap();
        assert_eq!(text.replacen(TAG, "", 1), page, "seed {seed}");
        let split = below(page.len() + 1);
        assert_eq!(injected(&[&page.as_bytes()[..split], &page.as_bytes()[split..]]), whole, "seed {seed}");
    }
}
