//! Programs that run as they stand: the flow with the application's own ids and this server's addresses.

use super::{ApplicationShow, ClientType, Code};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

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

fn redirect_uri(page: &ApplicationShow) -> &str {
    page.redirect_uris.first().map_or("https://app.example/callback", String::as_str)
}

fn scope(page: &ApplicationShow) -> String {
    page.required.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

fn pkce(page: &ApplicationShow) -> bool {
    page.require_pkce || page.client_type == ClientType::Public
}

fn curl(page: &ApplicationShow) -> String {
    let Endpoints { authorize, token, api, .. } = &page.endpoints;
    let (client_id, redirect_uri) = (&page.client_id, redirect_uri(page));
    let query = format!(
        "response_type=code&client_id={client_id}&redirect_uri={}&scope={}&state=<a-random-value>",
        encoded(redirect_uri),
        encoded(&scope(page))
    );
    let (prepare, challenge, verifier) = if pkce(page) {
        (
            "# 0. A verifier and its challenge\nVERIFIER=$(openssl rand -hex 32)\nCHALLENGE=$(printf %s \"$VERIFIER\" | openssl dgst -sha256 -binary | basenc --base64url | tr -d =)\n\n",
            "&code_challenge=<CHALLENGE>&code_challenge_method=S256",
            " \\\n  -d code_verifier=\"$VERIFIER\"",
        )
    } else {
        ("", "", "")
    };
    let authentication = match page.client_type {
        ClientType::Confidential => format!("-u {client_id}:\"$CLIENT_SECRET\""),
        ClientType::Public => format!("-d client_id={client_id}"),
    };
    format!(
        "{prepare}# 1. Open in a browser, sign in, allow; copy `code` from the address you land on\n{authorize}?{query}{challenge}\n\n\
         # 2. Exchange the code for an access token\ncurl {token} \\\n  {authentication} \\\n  -d grant_type=authorization_code \\\n  \
         -d code=\"$CODE\" \\\n  --data-urlencode redirect_uri={redirect_uri}{verifier}\n\n\
         # 3. Read\ncurl -H \"Authorization: Bearer $ACCESS_TOKEN\" {api}/observations/latest"
    )
}

fn python(page: &ApplicationShow) -> String {
    let Endpoints { authorize, token, api, .. } = &page.endpoints;
    let (client_id, redirect_uri, scope) = (&page.client_id, redirect_uri(page), scope(page));
    let (import, secret) = match page.client_type {
        ClientType::Confidential => ("import os\n", "client_secret=os.environ[\"BLUESONDE_CLIENT_SECRET\"],\n    "),
        ClientType::Public => ("", "token_endpoint_auth_method=\"none\",\n    "),
    };
    let (import_token, method, argument, pass) = if pkce(page) {
        (
            "from authlib.common.security import generate_token\n",
            ", code_challenge_method=\"S256\"",
            ", code_verifier=verifier",
            "verifier = generate_token(48)\n",
        )
    } else {
        ("", "", "", "")
    };
    format!(
        "{import}{import_token}from authlib.integrations.requests_client import OAuth2Session\n\n\
         client = OAuth2Session(\n    \"{client_id}\",\n    {secret}redirect_uri=\"{redirect_uri}\",\n    scope=\"{scope}\"{method},\n)\n{pass}\
         url, state = client.create_authorization_url(\"{authorize}\"{argument})\nprint(\"Open\", url)\n\
         client.fetch_token(\"{token}\", authorization_response=input(\"The address you landed on: \"), state=state{argument})\n\
         print(client.get(\"{api}/observations/latest\").json())"
    )
}

fn javascript(page: &ApplicationShow) -> String {
    let Endpoints { issuer, api, .. } = &page.endpoints;
    let (client_id, redirect_uri, scope) = (&page.client_id, redirect_uri(page), scope(page));
    let authentication = match page.client_type {
        ClientType::Confidential => "oauth.ClientSecretBasic(process.env.BLUESONDE_CLIENT_SECRET)",
        ClientType::Public => "oauth.None()",
    };
    format!(
        r#"import * as oauth from "oauth4webapi";

const issuer = new URL("{issuer}");
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, {{ algorithm: "oauth2" }}));
const client = {{ client_id: "{client_id}" }};
const redirectUri = "{redirect_uri}";
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();

// 1. Send the person's browser here, and keep verifier and state in their session
const url = new URL(as.authorization_endpoint);
url.search = new URLSearchParams({{
  response_type: "code", client_id: client.client_id, redirect_uri: redirectUri, scope: "{scope}", state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
}});

// 2. On your redirect page, with the address the person came back to
const params = oauth.validateAuthResponse(as, client, new URL(request.url), state);
const response = await oauth.authorizationCodeGrantRequest(as, client, {authentication}, params, redirectUri, verifier);
const {{ access_token }} = await oauth.processAuthorizationCodeResponse(as, client, response);

// 3. Read
const latest = await fetch("{api}/observations/latest", {{ headers: {{ authorization: `Bearer ${{access_token}}` }} }});"#
    )
}
