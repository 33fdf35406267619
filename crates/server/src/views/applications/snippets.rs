//! Programs that run as they stand: the flow with the application's own ids and this server's addresses.
//!
//! The curl recipe sends a challenge only where the application needs one; the libraries always do, because it
//! costs them a line and makes a stolen code useless.

use super::{ApplicationShow, ClientType, Code};
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The addresses of this server.
pub struct Endpoints {
    /// The issuer, such as `https://auth.example`.
    pub issuer: String,
    /// Where the browser goes.
    pub authorize: String,
    /// Where codes become tokens.
    pub token: String,
    /// The base of the data API.
    pub api: String,
}

impl Endpoints {
    /// Where libraries find all the others (RFC 8414).
    pub fn metadata(&self) -> String {
        format!("{}/.well-known/oauth-authorization-server", self.issuer)
    }
}

/// The flow in curl, Python and JavaScript.
pub fn snippets(page: &ApplicationShow) -> Markup {
    html! {
        section.stack {
            h2 { "Use it" }
            (Code { id: "curl", title: "curl", text: &curl(page) })
            (Code { id: "python", title: "Python (Authlib)", text: &python(page) })
            (Code { id: "javascript", title: "JavaScript (oauth4webapi)", text: &javascript(page) })
        }
    }
}

/// What `encodeURIComponent` leaves alone, so that the addresses stay readable.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Something that the application's scopes let it read.
fn reading(page: &ApplicationShow) -> String {
    let holds = |name: &str| page.required.iter().any(|scope| scope.name == name);
    let path = match (holds("observations:read"), holds("devices:read")) {
        (true, _) => "/observations/latest",
        (false, true) => "/devices",
        (false, false) => "/me",
    };
    format!("{}{path}", page.endpoints.api)
}

fn redirect_uri(page: &ApplicationShow) -> &str {
    page.redirect_uris.first().map_or("https://app.example/callback", String::as_str)
}

fn scope(page: &ApplicationShow) -> String {
    page.required.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn pkce(page: &ApplicationShow) -> bool {
    page.require_pkce || page.client_type == ClientType::Public
}

/// Libraries refuse plain http unless told otherwise; a server on loopback has nothing else.
fn plain_http(page: &ApplicationShow) -> bool {
    page.endpoints.issuer.starts_with("http://")
}

fn curl(page: &ApplicationShow) -> String {
    let Endpoints { authorize, token, .. } = &page.endpoints;
    let reading = reading(page);
    let (client_id, redirect_uri, scope) = (&page.client_id, redirect_uri(page), scope(page));
    let (prepare, challenge, verifier) = if pkce(page) {
        (
            r#"# 0. A verifier and its challenge
VERIFIER=$(openssl rand -hex 32)
CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d =)

"#,
            "&code_challenge=$CHALLENGE&code_challenge_method=S256",
            " \\\n  -d code_verifier=\"$VERIFIER\"",
        )
    } else {
        ("", "", "")
    };
    let authentication = match page.client_type {
        ClientType::Confidential => format!("-u {client_id}:\"$CLIENT_SECRET\""),
        ClientType::Public => format!("-d client_id={client_id}"),
    };
    let (encoded_uri, encoded_scope) =
        (utf8_percent_encode(redirect_uri, QUERY), utf8_percent_encode(&scope, QUERY));
    format!(
        r#"{prepare}# 1. Open this in a browser, allow, and take `code` from the address you land on
STATE=$(openssl rand -hex 16)
echo "{authorize}?response_type=code&client_id={client_id}&redirect_uri={encoded_uri}&scope={encoded_scope}&state=$STATE{challenge}"

# 2. Within a minute, exchange the code for an access token
CODE=the-code-you-got
curl {token} \
  {authentication} \
  -d grant_type=authorization_code \
  -d code="$CODE" \
  --data-urlencode "redirect_uri={redirect_uri}"{verifier}

# 3. Read
ACCESS_TOKEN=the-access-token-you-got
curl -H "Authorization: Bearer $ACCESS_TOKEN" {reading}"#
    )
}

fn python(page: &ApplicationShow) -> String {
    let Endpoints { authorize, token, .. } = &page.endpoints;
    let reading = reading(page);
    let (client_id, redirect_uri, scope) = (&page.client_id, redirect_uri(page), scope(page));
    let authentication = match page.client_type {
        ClientType::Confidential => r#"client_secret=os.environ["BLUESONDE_CLIENT_SECRET"]"#,
        ClientType::Public => r#"token_endpoint_auth_method="none""#,
    };
    let insecure = if plain_http(page) {
        "os.environ[\"AUTHLIB_INSECURE_TRANSPORT\"] = \"1\"  # this server speaks plain http\n"
    } else {
        ""
    };
    format!(
        r#"import os
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

{insecure}client = OAuth2Session(
    "{client_id}",
    {authentication},
    redirect_uri="{redirect_uri}",
    scope="{scope}",
    code_challenge_method="S256",
)
verifier = generate_token(48)
url, state = client.create_authorization_url(
    "{authorize}", code_verifier=verifier
)
print("Open", url)
client.fetch_token(
    "{token}",
    authorization_response=input("The address you landed on: "),
    state=state,
    code_verifier=verifier,
)
print(client.get("{reading}").json())"#
    )
}

fn javascript(page: &ApplicationShow) -> String {
    let issuer = &page.endpoints.issuer;
    let reading = reading(page);
    let (client_id, redirect_uri, scope) = (&page.client_id, redirect_uri(page), scope(page));
    let authentication = match page.client_type {
        ClientType::Confidential => "oauth.ClientSecretBasic(process.env.BLUESONDE_CLIENT_SECRET)",
        ClientType::Public => "oauth.None()",
    };
    let options = if plain_http(page) {
        "{ [oauth.allowInsecureRequests]: true }; // this server speaks plain http"
    } else {
        "{};"
    };
    format!(
        r#"import {{ createInterface }} from "node:readline/promises";
import * as oauth from "oauth4webapi";

const options = {options}
const issuer = new URL("{issuer}");
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, {{ algorithm: "oauth2", ...options }}),
);
const client = {{ client_id: "{client_id}" }};
const redirectUri = "{redirect_uri}";
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();

const url = new URL(server.authorization_endpoint);
url.search = new URLSearchParams({{
  response_type: "code",
  client_id: client.client_id,
  redirect_uri: redirectUri,
  scope: "{scope}",
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
}});
console.log("Open", url.href);
const terminal = createInterface(process.stdin, process.stdout);
const landed = new URL(await terminal.question("The address you landed on: "));
terminal.close();

const params = oauth.validateAuthResponse(server, client, landed, state);
const authentication = {authentication};
const response = await oauth.authorizationCodeGrantRequest(
  server, client, authentication, params, redirectUri, verifier, options,
);
const {{ access_token }} = await oauth.processAuthorizationCodeResponse(server, client, response);

const latest = await fetch("{reading}", {{
  headers: {{ authorization: `Bearer ${{access_token}}` }},
}});
console.log(await latest.json());"#
    )
}
