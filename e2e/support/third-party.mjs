// A third-party program that uses oauth4webapi exactly as its documentation shows, with nothing adapted to Bluesonde.
// The one option set everywhere is the library's own switch for plain http, because the demo listens on loopback.
import * as oauth from 'oauth4webapi';

import './web-crypto.mjs';

const overLoopback = { [oauth.allowInsecureRequests]: true };

/** Discovers the server and returns the program; without a `clientSecret` it is a public client. */
export async function thirdParty({ issuer, clientId, clientSecret, redirectUri }) {
  const address = new URL(issuer);
  const discovery = await oauth.discoveryRequest(address, { algorithm: 'oauth2', ...overLoopback });
  const server = await oauth.processDiscoveryResponse(address, discovery);
  const authentication = clientSecret ? oauth.ClientSecretBasic(clientSecret) : oauth.None();
  return new ThirdParty(server, { client_id: clientId }, authentication, redirectUri);
}

class ThirdParty {
  #server;
  #client;
  #authentication;
  #redirectUri;
  #verifier = oauth.generateRandomCodeVerifier();
  #state = oauth.generateRandomState();

  constructor(server, client, authentication, redirectUri) {
    this.#server = server;
    this.#client = client;
    this.#authentication = authentication;
    this.#redirectUri = redirectUri;
  }

  /** What it recognises the user's return by. */
  get state() {
    return this.#state;
  }

  /** Where to send the user. */
  async authorizationUrl(scope) {
    const url = new URL(this.#server.authorization_endpoint);
    url.searchParams.set('client_id', this.#client.client_id);
    url.searchParams.set('redirect_uri', this.#redirectUri);
    url.searchParams.set('response_type', 'code');
    url.searchParams.set('scope', scope);
    url.searchParams.set('state', this.#state);
    url.searchParams.set('code_challenge', await oauth.calculatePKCECodeChallenge(this.#verifier));
    url.searchParams.set('code_challenge_method', 'S256');
    return url.href;
  }

  /** Takes the URL at which the user came back; throws the library's error when access was refused. */
  async exchange(arrival, state = this.#state) {
    const parameters = oauth.validateAuthResponse(this.#server, this.#client, arrival, state);
    const response = await oauth.authorizationCodeGrantRequest(
      this.#server, this.#client, this.#authentication, parameters, this.#redirectUri, this.#verifier, overLoopback,
    );
    return oauth.processAuthorizationCodeResponse(this.#server, this.#client, response);
  }

  async refresh({ refresh_token: refreshToken }) {
    const response = await oauth.refreshTokenGrantRequest(
      this.#server, this.#client, this.#authentication, refreshToken, overLoopback,
    );
    return oauth.processRefreshTokenResponse(this.#server, this.#client, response);
  }

  async revoke(token) {
    const response = await oauth.revocationRequest(
      this.#server, this.#client, this.#authentication, token, overLoopback,
    );
    return oauth.processRevocationResponse(response);
  }

  async introspect(token) {
    const response = await oauth.introspectionRequest(
      this.#server, this.#client, this.#authentication, token, overLoopback,
    );
    return oauth.processIntrospectionResponse(this.#server, this.#client, response);
  }

  /** Reads a resource with the token; throws the library's error on a challenge. */
  async read(url, { access_token: accessToken }) {
    const response = await oauth.protectedResourceRequest(
      accessToken, 'GET', new URL(url), new Headers(), null, overLoopback,
    );
    return response.json();
  }
}
