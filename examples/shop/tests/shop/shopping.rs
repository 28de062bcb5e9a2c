use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::Shop;

const ORDER: &str = "full_name=Ada&email=ada%40example.org&street=Quay+1&town=Port&postcode=1234&country=Norway\
    &delivery=Courier%2C+tomorrow&note=by+the+%3Cgate%3E&card_name=Ada&card_number=4242+4242+4242+4242&card_expiry=12%2F30&card_code=123";

#[tokio::test]
async fn goods_go_from_the_catalogue_through_the_cart_into_one_order() {
    let shop = Shop::open().await;
    shop.post_form("/cart/add", "product=rope&quantity=2").await;
    shop.post_form("/cart/add", "product=anchor").await;
    let changed = shop.post_form("/cart", "rope=3&lantern=x&anchor=0").await;
    assert_eq!((changed.status, changed.header("location")), (StatusCode::SEE_OTHER, "/cart"));
    assert!(shop.get("/cart").await.text().contains("<strong data-total>€115.50</strong>"));

    let placed = shop.post_form("/checkout", ORDER).await;
    assert_eq!((placed.status, placed.header("location")), (StatusCode::SEE_OTHER, "/order/1"));
    let order = shop.get("/order/1").await;
    for (name, value) in [
        ("full_name", "Ada"),
        ("email", "ada@example.org"),
        ("street", "Quay 1"),
        ("town", "Port"),
        ("postcode", "1234"),
        ("country", "Norway"),
        ("delivery", "Courier, tomorrow"),
        ("note", "by the &#60;gate&#62;"),
        ("card_name", "Ada"),
        ("card_number", "ends in 4242, 16 digits received"),
        ("card_expiry", "12/30"),
        ("card_code", "3 digits received"),
    ] {
        assert!(
            order.text().contains(&format!("<dd data-field=\"{name}\">{value}</dd>")),
            "{name}: {}",
            order.text()
        );
    }
    assert!(!order.text().contains("4242 4242"));

    let twice = shop.post_form("/checkout", ORDER).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert_eq!(shop.get("/order/2").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_order_with_gaps_comes_back_with_everything_but_the_card() {
    let shop = Shop::open().await;
    shop.post_form("/cart/add", "product=bucket").await;
    let again = shop.post_form("/checkout", "full_name=Ada&card_number=4242424242424242&town=+").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().contains("value=\"Ada\"") && !again.text().contains("4242"));
    assert_eq!(again.text().matches("aria-invalid").count(), 4, "email, street, town and postcode");
    assert!(shop.get("/cart").await.text().contains("Canvas bucket"), "the cart is as it was");
}

#[tokio::test]
async fn a_guest_sees_public_pages_and_is_told_why_others_stay_closed() {
    let shop = Shop::open().await;
    let ask = |path: &str| {
        let uri = format!("http://{}{path}", shop.address);
        // A gateway that has nothing to say of a visitor may send the header empty.
        shop.send(Request::builder().uri(uri).header("tenure-subject", "").body(Body::empty()).unwrap())
    };
    for path in ["/", "/catalogue", "/board", "/poll", "/gzip", "/csp", "/trusted-types", "/many", "/whoami"]
    {
        let page = ask(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text().contains("sign-out"), "{path}");
    }
    for path in ["/cart", "/checkout", "/claim/1", "/claim/done", "/chat", "/chat/stream", "/order/1"] {
        let page = ask(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.text().contains("Please sign in first"), "{path}");
    }
}

#[tokio::test]
async fn the_home_page_greets_its_visitor_and_offers_the_way_out() {
    let shop = Shop::open().await;
    let home = shop.get_with("/", &[("tenure-assurance", "aal1")]).await;
    assert!(home.text().contains("Welcome aboard, ada"));
    assert!(home.text().contains("<form method=\"post\" action=\"/.tenure/sign-out\">"));
    assert!(home.text().contains("href=\"/.tenure/account/sessions\""));
    assert!(home.text().contains("<dd data-header=\"Tenure-Assurance\">aal1</dd>"));
}

#[tokio::test]
async fn pages_have_no_inline_script_or_style_but_for_the_strict_ones() {
    let shop = Shop::open().await;
    shop.post_form("/cart/add", "product=rope").await;
    for path in [
        "/",
        "/catalogue",
        "/cart",
        "/checkout",
        "/claim/1",
        "/claim/4",
        "/claim/done",
        "/chat",
        "/board",
        "/poll",
    ] {
        let page = shop.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let inline = ["<style", " style=", "<script>", " onclick=", "javascript:"];
        assert!(!inline.iter().any(|inline| page.text().contains(inline)), "{path}");
    }
}
