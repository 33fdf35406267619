//! What `../python/stage.py` sets up: the two applications, the data API, and the person.

use oauth2::basic::BasicClient;
use oauth2::reqwest::{self, Url, blocking, redirect};
use oauth2::{
    AccessToken, AuthUrl, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, IntrospectionUrl,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RevocationUrl, Scope, TokenUrl,
};

pub const SCOPES: [&str; 3] = ["devices:read", "observations:read", "offline_access"];

pub type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

pub fn confidential() -> Client {
    client("CLIENT_ID").set_client_secret(ClientSecret::new(variable("CLIENT_SECRET")))
}

pub fn public() -> Client {
    client("PUBLIC_CLIENT_ID")
}

fn client(id: &str) -> Client {
    let endpoint = |name: &str| format!("{}/oauth2/{name}", variable("ISSUER"));
    BasicClient::new(ClientId::new(variable(id)))
        .set_auth_uri(AuthUrl::new(endpoint("auth")).unwrap())
        .set_token_uri(TokenUrl::new(endpoint("token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(endpoint("introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(endpoint("revoke").replacen("http:", "https:", 1)).unwrap())
        .set_redirect_uri(RedirectUrl::new(variable("REDIRECT_URI")).unwrap())
}

/// As the crate's documentation makes it: a redirect at these endpoints would be somebody's attack.
pub fn http() -> blocking::Client {
    reqwest::blocking::ClientBuilder::new().redirect(redirect::Policy::none()).build().unwrap()
}

/// Lets the person consent; returns the code and its verifier.
pub fn consent(client: &Client) -> (String, PkceCodeVerifier) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scopes(SCOPES.map(|scope| Scope::new(scope.into())))
        .set_pkce_challenge(challenge)
        .url();
    let arrival = http().post(format!("{}/allow", variable("PERSON"))).body(url.to_string()).send().unwrap();
    let address: Url = arrival.text().unwrap().parse().expect("the address of the application");
    let parameter = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(parameter("state"), *state.secret());
    (parameter("code"), verifier)
}

pub fn devices(token: &AccessToken) -> blocking::Response {
    http().get(format!("{}/devices", variable("API"))).bearer_auth(token.secret()).send().unwrap()
}

pub fn variable(name: &str) -> String {
    let name = format!("BLUESONDE_{name}");
    std::env::var(&name)
        .unwrap_or_else(|_| panic!("{name} is not set: ../python/stage.py starts these tests"))
}
