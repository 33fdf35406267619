// Package clients runs golang.org/x/oauth2, unmodified and with its defaults, against a demo server.
//
// Its default is AuthStyleAutoDetect: whatever fails with Basic authentication is sent once more with the client in the
// body. So a code must survive a first request that failed, and an error is always the answer to the second one.
package clients

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func TestACodeWithPKCEIsExchangedAndDevicesAreRead(t *testing.T) {
	application := confidential()

	token := authorize(t, application)

	if token.Type() != "Bearer" || !token.Valid() || token.RefreshToken == "" || token.Extra("scope") != scope {
		t.Fatalf("type %q, expires %v, scope %q", token.Type(), token.Expiry, token.Extra("scope"))
	}
	reads(t, application, token)
}

func TestAPublicClientHasNoSecret(t *testing.T) {
	application := public()

	reads(t, application, authorize(t, application))
}

func TestAnExpiredTokenIsRefreshedOnTheWayToTheData(t *testing.T) {
	for name, application := range map[string]*oauth2.Config{"confidential": confidential(), "public": public()} {
		t.Run(name, func(t *testing.T) {
			first := authorize(t, application)
			expired := *first
			expired.Expiry = time.Now().Add(-time.Minute)

			fresh, err := application.TokenSource(context.Background(), &expired).Token()
			if err != nil {
				t.Fatal(err)
			}
			if fresh.AccessToken == first.AccessToken || fresh.RefreshToken == first.RefreshToken {
				t.Fatal("the tokens did not rotate")
			}
			reads(t, application, fresh)
		})
	}
}

func TestARevokedTokenReadsNothing(t *testing.T) {
	application := confidential()
	token := authorize(t, application)

	revoke(t, application, token.AccessToken)

	answer := devices(t, application, token)
	challenge := answer.Header.Get("WWW-Authenticate")
	if answer.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(challenge, "Bearer ") ||
		!strings.Contains(challenge, `error="invalid_token"`) {
		t.Fatalf("%s, WWW-Authenticate: %s", answer.Status, challenge)
	}
}

func TestAWrongVerifierIsAnInvalidGrantWithAReason(t *testing.T) {
	application := confidential()
	code := consent(t, application, oauth2.GenerateVerifier())

	_, err := application.Exchange(context.Background(), code, oauth2.VerifierOption(oauth2.GenerateVerifier()))

	expectRefusal(t, err, "invalid_grant", http.StatusBadRequest)
}

func TestAWrongSecretIsAnInvalidClientWithAReasonAndTheCodeStaysUsable(t *testing.T) {
	application, mistaken := confidential(), confidential()
	mistaken.ClientSecret = "not the secret"
	verifier := oauth2.GenerateVerifier()
	code := consent(t, application, verifier)

	_, err := mistaken.Exchange(context.Background(), code, oauth2.VerifierOption(verifier))

	expectRefusal(t, err, "invalid_client", http.StatusUnauthorized)
	if _, err := application.Exchange(context.Background(), code, oauth2.VerifierOption(verifier)); err != nil {
		t.Fatal(err)
	}
}

func TestACustomerWhoDeniesSendsTheApplicationAnErrorAndItsState(t *testing.T) {
	address := confidential().AuthCodeURL("a state", oauth2.SetAuthURLParam("prompt", "consent"))

	answer := arrival(t, "deny", address)

	if answer.Get("error") != "access_denied" || answer.Get("state") != "a state" || answer.Has("code") {
		t.Fatal(answer)
	}
}

// authorize lets the person consent and exchanges the code, with PKCE.
func authorize(t *testing.T, application *oauth2.Config) *oauth2.Token {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	token, err := application.Exchange(
		context.Background(), consent(t, application, verifier), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// consent returns the code that the person's browser brings back.
func consent(t *testing.T, application *oauth2.Config, verifier string) string {
	t.Helper()
	state := oauth2.GenerateVerifier()
	answer := arrival(t, "allow", application.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)))
	if answer.Get("state") != state {
		t.Fatal(answer)
	}
	return answer.Get("code")
}

// revoke does by hand what the library has no function for (RFC 7009).
func revoke(t *testing.T, application *oauth2.Config, token string) {
	t.Helper()
	form := url.Values{"token": {token}, "client_id": {application.ClientID}, "client_secret": {application.ClientSecret}}
	answer, err := http.PostForm(variable("ISSUER")+"/oauth2/revoke", form)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
}

func expectRefusal(t *testing.T, err error, code string, status int) {
	t.Helper()
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		t.Fatalf("not the library's own error: %v", err)
	}
	if refusal.ErrorCode != code || refusal.ErrorDescription == "" || refusal.Response.StatusCode != status {
		t.Fatalf("%s: %v", refusal.Response.Status, refusal)
	}
}
