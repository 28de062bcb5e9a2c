use std::collections::BTreeSet;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use futures_util::{StreamExt, stream};

use crate::support::Shop;

/// The names of the fields of a page, as a browser would find them.
fn field_names(html: &str) -> BTreeSet<String> {
    let form = html.split("<main").nth(1).unwrap();
    let names = form.split(" name=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    names.filter(|name| name != "go" && name != "evidence").collect()
}

const BOUNDARY: &str = "a-line-between-parts";

fn part(disposition: &str, content: &str) -> String {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

#[tokio::test]
async fn every_field_of_the_claim_arrives_once_and_is_read_back() {
    let shop = Shop::open().await;
    let mut all = 0;
    for step in 1..=4 {
        let names = field_names(shop.get(&format!("/claim/{step}")).await.text());
        all += names.len();
        let answer = if step < 4 {
            let form: Vec<_> = names.iter().map(|name| format!("{name}=value+of+{name}")).collect();
            shop.post_form(&format!("/claim/{step}"), &(form.join("&") + "&go=next")).await
        } else {
            let mut form: String = names
                .iter()
                .map(|name| part(&format!("name=\"{name}\""), &format!("value of {name}")))
                .collect();
            form += &part("name=\"evidence\"; filename=\"hull.jpg\"", "four");
            form += &part("name=\"evidence\"; filename=\"\"", "");
            form += &format!("--{BOUNDARY}--\r\n");
            let request = shop
                .request("POST", "/claim/4")
                .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
            shop.send(request.body(Body::from(form)).unwrap()).await
        };
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let next = if step < 4 { format!("/claim/{}", step + 1) } else { "/claim/done".to_owned() };
        assert_eq!(answer.header("location"), next);

        let received = shop.get("/claim/done.json").await.json()["steps"][step.to_string()].clone();
        assert_eq!(received["arrivals"], 1);
        let fields = received["fields"].as_object().unwrap();
        assert_eq!(fields.keys().cloned().collect::<BTreeSet<_>>(), names);
        for name in &names {
            assert_eq!(fields[name], serde_json::json!([format!("value of {name}")]));
        }
        let page = shop.get("/claim/done").await;
        for name in &names {
            let row = format!("<dd data-field=\"{name}\">value of {name}</dd>");
            assert_eq!(page.text().matches(&row).count(), 1, "{name}");
        }
    }
    assert_eq!(all, 40);
    let files = shop.get("/claim/done.json").await.json()["steps"]["4"]["files"].clone();
    assert_eq!(files.as_array().unwrap().len(), 1);
    assert_eq!((&files[0]["name"], &files[0]["bytes"]), (&"hull.jpg".into(), &4.into()));
}

#[tokio::test]
async fn a_step_that_is_sent_twice_is_counted_twice() {
    let shop = Shop::open().await;
    for _ in 0..2 {
        shop.post_form("/claim/2", "boat_name=Petrel").await;
    }
    assert_eq!(shop.get("/claim/done.json").await.json()["steps"]["2"]["arrivals"], 2);
    shop.post_form("/claim/new", "").await;
    assert_eq!(shop.get("/claim/done.json").await.json()["steps"]["2"]["arrivals"], 0);
}

#[tokio::test]
async fn a_step_is_kept_and_shown_again_safely_and_to_its_author_alone() {
    let shop = Shop::open().await;
    let back = shop.post_form("/claim/2", "boat_name=%22%3E%3Cb%3EPetrel&hull=Steel&go=back").await;
    assert_eq!(back.header("location"), "/claim/1");
    let again = shop.get("/claim/2").await;
    assert!(again.text().contains("<option selected>Steel</option>"));
    assert!(again.text().contains("Petrel") && !again.text().contains("<b>Petrel"));
    let mut request = shop.request("GET", "/claim/2").body(Body::empty()).unwrap();
    request.headers_mut().insert("tenure-subject", "grace".parse().unwrap());
    assert!(!shop.send(request).await.text().contains("Petrel"));
}

#[tokio::test]
async fn a_file_is_counted_while_it_streams_in() {
    const CHUNK: usize = 64 * 1024;
    const CHUNKS: usize = 320;
    let shop = Shop::open().await;
    let head = part("name=\"evidence\"; filename=\"film.mov\"", "");
    let head = Bytes::from(head.trim_end_matches("\r\n").to_owned() + "\r\n\r\n");
    let tail = Bytes::from(format!("\r\n--{BOUNDARY}--\r\n"));
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let body = stream::iter([head]).chain(stream::iter(vec![chunk; CHUNKS])).chain(stream::iter([tail]));
    let request = shop
        .request("POST", "/claim/4")
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Body::from_stream(body.map(Ok::<_, std::io::Error>)))
        .unwrap();
    assert_eq!(shop.send(request).await.status, StatusCode::SEE_OTHER);
    let file = shop.get("/claim/done.json").await.json()["steps"]["4"]["files"][0].clone();
    assert_eq!((&file["name"], &file["bytes"]), (&"film.mov".into(), &(CHUNK * CHUNKS).into()));
}

#[tokio::test]
async fn nothing_of_a_form_that_breaks_off_is_kept() {
    let shop = Shop::open().await;
    let request = shop
        .request("POST", "/claim/4")
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Body::from(part("name=\"damage\"", "the bow") + "--" + BOUNDARY))
        .unwrap();
    assert_eq!(shop.send(request).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(shop.get("/claim/done.json").await.json()["steps"]["4"]["arrivals"], 0);
}

#[tokio::test]
async fn there_are_four_steps_and_no_other() {
    let shop = Shop::open().await;
    for step in ["0", "5", "-1", "one", "184467440737095516160"] {
        assert_eq!(shop.get(&format!("/claim/{step}")).await.status, StatusCode::NOT_FOUND, "{step}");
    }
}
