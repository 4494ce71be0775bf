//! The client for strangers' URLs, against hosts that lead elsewhere.

use super::canned::{Answer, Canned};
use super::*;

fn client(list: &str) -> GuestClient {
    GuestClient::new(Settings::default(), AllowList::parse(list).unwrap())
}

async fn get(client: &GuestClient, url: &str, redirects: usize) -> Result<Reply, GuestError> {
    let url = client.check(url)?;
    let mut headers = HeaderMap::new();
    headers.insert("x-own", HeaderValue::from_static("hunter2"));
    let request = GuestRequest { method: Method::GET, url, headers, body: None, redirects };
    client.send(request, BOUNDS).await
}

fn redirect(to: &str) -> Answer {
    let head = format!("HTTP/1.1 302 F\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    Answer::Bytes(head.into())
}

#[tokio::test]
async fn a_name_of_this_machine_is_refused_when_it_is_looked_up() {
    let error = get(&client(""), "https://localhost:8443/x", 0).await.unwrap_err();
    assert!(
        matches!(&error, GuestError::Guard(GuardError::NotPublic { address, .. }) if address.is_loopback()),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_list_opens_a_private_origin() {
    let server = Canned::start(|_| Answer::json("{}")).await;
    assert_eq!(get(&client(&server.url), &server.url, 0).await.unwrap().status, 200);
    assert!(get(&client(""), &server.url, 0).await.is_err());
}

#[tokio::test]
async fn a_redirect_is_followed_only_when_asked_and_never_into_the_house() {
    let inside = Canned::start(|_| Answer::json("{}")).await;
    let to = inside.url.clone();
    let server = Canned::start(move |_| redirect(&to)).await;
    let guarded = client(&server.url);
    assert_eq!(get(&guarded, &server.url, 0).await.unwrap().status, 302);
    let error = get(&guarded, &server.url, 1).await.unwrap_err();
    assert!(matches!(error, GuestError::Guard(GuardError::NotEncrypted { .. })), "{error:?}");
    assert!(inside.heads().is_empty());

    let both = client(&format!("{},{}", server.url, inside.url));
    assert_eq!(get(&both, &server.url, 1).await.unwrap().status, 200);
    assert!(!inside.heads()[0].contains("hunter2"), "a header went to another origin");
}

#[tokio::test]
async fn redirects_have_an_end_and_a_post_follows_none() {
    let server = Canned::start(|_| redirect("/again")).await;
    let guarded = client(&server.url);
    let reply = get(&guarded, &server.url, usize::MAX).await.unwrap();
    assert_eq!((reply.status, server.heads().len()), (302, crate::limits::REDIRECTS + 1));
    assert!(server.heads().iter().all(|head| head.contains("hunter2")));
    let url = guarded.check(&server.url).unwrap();
    let (method, headers) = (Method::POST, HeaderMap::new());
    let request = GuestRequest { method, url, headers, body: Some(Vec::new()), redirects: 3 };
    assert_eq!(guarded.send(request, BOUNDS).await.unwrap().status, 302);
    assert_eq!(server.heads().len(), crate::limits::REDIRECTS + 2);
}
