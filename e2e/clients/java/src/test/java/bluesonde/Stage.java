package bluesonde;

import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.as.AuthorizationServerMetadata;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import java.net.URI;

/** What ../python/stage.py sets up: the confidential application, the data API, and the person. */
final class Stage {
    static final Scope SCOPE = new Scope("devices:read", "observations:read", "offline_access");

    private Stage() {}

    /** The server as it describes itself (RFC 8414). */
    static AuthorizationServerMetadata server() throws Exception {
        return AuthorizationServerMetadata.resolve(new Issuer(variable("ISSUER")));
    }

    static ClientAuthentication confidential() {
        return new ClientSecretBasic(new ClientID(variable("CLIENT_ID")), new Secret(variable("CLIENT_SECRET")));
    }

    /** Takes an authorization URL to the person; returns the address that their browser is sent back to. */
    static URI allow(URI authorizationUrl) throws Exception {
        HTTPRequest request = new HTTPRequest(HTTPRequest.Method.POST, URI.create(variable("PERSON") + "/allow"));
        request.setBody(authorizationUrl.toString());
        HTTPResponse answer = request.send();
        answer.ensureStatusCode(HTTPResponse.SC_OK);
        // The library ends every line that it reads, the last one too.
        return URI.create(answer.getBody().strip());
    }

    static HTTPResponse devices(AccessToken token) throws Exception {
        HTTPRequest request = new HTTPRequest(HTTPRequest.Method.GET, URI.create(variable("API") + "/devices"));
        request.setAuthorization(token.toAuthorizationHeader());
        return request.send();
    }

    static String variable(String name) {
        String value = System.getenv("BLUESONDE_" + name);
        if (value == null) {
            throw new IllegalStateException("BLUESONDE_" + name + " is not set: ../python/stage.py starts these tests");
        }
        return value;
    }
}
