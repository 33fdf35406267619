package bluesonde;

import static bluesonde.Stage.SCOPE;
import static bluesonde.Stage.confidential;
import static bluesonde.Stage.devices;
import static bluesonde.Stage.server;
import static bluesonde.Stage.variable;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.AuthorizationRequest;
import com.nimbusds.oauth2.sdk.AuthorizationResponse;
import com.nimbusds.oauth2.sdk.ErrorObject;
import com.nimbusds.oauth2.sdk.OAuth2Error;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.TokenIntrospectionRequest;
import com.nimbusds.oauth2.sdk.TokenIntrospectionResponse;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.TokenRevocationRequest;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.BearerAccessToken;
import com.nimbusds.oauth2.sdk.token.BearerTokenError;
import com.nimbusds.oauth2.sdk.token.Token;
import com.nimbusds.oauth2.sdk.token.Tokens;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Nimbus oauth2-oidc-sdk, which Spring Security stands on, unmodified and with its defaults, against a demo server: it
 * finds the endpoints in the server's metadata and authenticates with Basic, form-encoded.
 */
class NimbusTest {
    @Test
    void aCodeWithPkceIsExchangedAndDevicesAreRead() throws Exception {
        AccessToken token = authorize().getAccessToken();

        assertEquals("Bearer", token.getType().getValue());
        assertEquals(SCOPE, token.getScope());
        assertTrue(token.getLifetime() > 0);
        assertReads(token);
    }

    @Test
    void aPublicClientHasNoSecret() throws Exception {
        ClientID client = new ClientID(variable("PUBLIC_CLIENT_ID"));
        CodeVerifier verifier = new CodeVerifier();
        AuthorizationGrant grant = codeGrant(consent(client, verifier), verifier);

        TokenResponse answer = sent(new TokenRequest.Builder(server().getTokenEndpointURI(), client, grant).build());

        assertReads(answer.toSuccessResponse().getTokens().getAccessToken());
    }

    @Test
    void aRefreshedTokenReads() throws Exception {
        Tokens before = authorize();

        Tokens after = granted(new RefreshTokenGrant(before.getRefreshToken()));

        assertNotEquals(before.getAccessToken().getValue(), after.getAccessToken().getValue());
        assertNotEquals(before.getRefreshToken().getValue(), after.getRefreshToken().getValue());
        assertReads(after.getAccessToken());
    }

    @Test
    void aRevokedAccessTokenReadsNothing() throws Exception {
        AccessToken token = authorize().getAccessToken();

        revoke(token);

        assertRefusedAsInvalid(token);
    }

    @Test
    void aRevokedRefreshTokenTakesItsAccessTokenAlong() throws Exception {
        Tokens tokens = authorize();

        revoke(tokens.getRefreshToken());

        assertRefusedAsInvalid(tokens.getAccessToken());
        AuthorizationGrant again = new RefreshTokenGrant(tokens.getRefreshToken());
        assertRefused(OAuth2Error.INVALID_GRANT, exchanged(confidential(), again));
    }

    @Test
    void introspectionTellsALiveTokenFromOneThatNeverWas() throws Exception {
        TokenIntrospectionResponse live = introspected(authorize().getAccessToken());
        TokenIntrospectionResponse unknown = introspected(new BearerAccessToken("no-token"));

        assertTrue(live.toSuccessResponse().isActive());
        assertEquals(confidential().getClientID(), live.toSuccessResponse().getClientID());
        assertEquals(SCOPE, live.toSuccessResponse().getScope());
        assertNotNull(live.toSuccessResponse().getExpirationTime());
        assertFalse(unknown.toSuccessResponse().isActive());
    }

    @Test
    void aWrongVerifierIsAnInvalidGrantWithAReason() throws Exception {
        AuthorizationCode code = consent(confidential().getClientID(), new CodeVerifier());

        assertRefused(OAuth2Error.INVALID_GRANT, exchanged(confidential(), codeGrant(code, new CodeVerifier())));
    }

    @Test
    void aWrongSecretIsAnInvalidClientWithAReason() throws Exception {
        CodeVerifier verifier = new CodeVerifier();
        AuthorizationCode code = consent(confidential().getClientID(), verifier);
        Secret wrong = new Secret("not the secret");
        ClientAuthentication mistaken = new ClientSecretBasic(confidential().getClientID(), wrong);

        assertRefused(OAuth2Error.INVALID_CLIENT, exchanged(mistaken, codeGrant(code, verifier)));
    }

    /** Lets the person consent and exchanges the code, with PKCE. */
    private static Tokens authorize() throws Exception {
        CodeVerifier verifier = new CodeVerifier();
        return granted(codeGrant(consent(confidential().getClientID(), verifier), verifier));
    }

    private static AuthorizationCode consent(ClientID client, CodeVerifier verifier) throws Exception {
        State state = new State();
        AuthorizationRequest request = new AuthorizationRequest.Builder(ResponseType.CODE, client)
                .endpointURI(server().getAuthorizationEndpointURI())
                .redirectionURI(redirect())
                .scope(SCOPE)
                .state(state)
                .codeChallenge(verifier, CodeChallengeMethod.S256)
                .build();
        AuthorizationResponse answer = AuthorizationResponse.parse(Stage.allow(request.toURI()));
        assertEquals(state, answer.getState());
        assertEquals(server().getIssuer(), answer.getIssuer());
        return answer.toSuccessResponse().getAuthorizationCode();
    }

    private static AuthorizationGrant codeGrant(AuthorizationCode code, CodeVerifier verifier) {
        return new AuthorizationCodeGrant(code, redirect(), verifier);
    }

    private static Tokens granted(AuthorizationGrant grant) throws Exception {
        return exchanged(confidential(), grant).toSuccessResponse().getTokens();
    }

    private static TokenResponse exchanged(ClientAuthentication client, AuthorizationGrant grant) throws Exception {
        return sent(new TokenRequest.Builder(server().getTokenEndpointURI(), client, grant).build());
    }

    private static TokenResponse sent(TokenRequest request) throws Exception {
        return TokenResponse.parse(request.toHTTPRequest().send());
    }

    private static void revoke(Token token) throws Exception {
        URI endpoint = server().getRevocationEndpointURI();
        HTTPResponse answer = new TokenRevocationRequest(endpoint, confidential(), token).toHTTPRequest().send();
        assertTrue(answer.indicatesSuccess(), answer.getBody());
    }

    private static TokenIntrospectionResponse introspected(AccessToken token) throws Exception {
        URI endpoint = server().getIntrospectionEndpointURI();
        return TokenIntrospectionResponse.parse(
                new TokenIntrospectionRequest(endpoint, confidential(), token).toHTTPRequest().send());
    }

    private static void assertReads(AccessToken token) throws Exception {
        HTTPResponse answer = devices(token);
        answer.ensureStatusCode(HTTPResponse.SC_OK);
        assertFalse(((List<?>) answer.getBodyAsJSONObject().get("data")).isEmpty());
    }

    private static void assertRefusedAsInvalid(AccessToken token) throws Exception {
        HTTPResponse answer = devices(token);
        assertEquals(HTTPResponse.SC_UNAUTHORIZED, answer.getStatusCode());
        assertEquals(BearerTokenError.INVALID_TOKEN, BearerTokenError.parse(answer.getWWWAuthenticate()));
    }

    private static void assertRefused(ErrorObject expected, TokenResponse answer) {
        ErrorObject error = answer.toErrorResponse().getErrorObject();
        // The library compares errors by their code alone.
        assertEquals(expected, error);
        assertNotNull(error.getDescription());
    }

    private static URI redirect() {
        return URI.create(variable("REDIRECT_URI"));
    }
}
