package clients

// What ../python/stage.py sets up: the two applications, the data API, and the person.

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

const scope = "devices:read observations:read offline_access"

func confidential() *oauth2.Config {
	application := public()
	application.ClientID = variable("CLIENT_ID")
	application.ClientSecret = variable("CLIENT_SECRET")
	return application
}

func public() *oauth2.Config {
	return &oauth2.Config{
		ClientID: variable("PUBLIC_CLIENT_ID"),
		Endpoint: oauth2.Endpoint{
			AuthURL:  variable("ISSUER") + "/oauth2/auth",
			TokenURL: variable("ISSUER") + "/oauth2/token",
		},
		RedirectURL: variable("REDIRECT_URI"),
		Scopes:      strings.Split(scope, " "),
	}
}

// arrival takes an authorization URL to the person and returns the query of the address that the browser ends at.
func arrival(t *testing.T, decision, authorizationURL string) url.Values {
	t.Helper()
	answer, err := http.Post(variable("PERSON")+"/"+decision, "text/plain", strings.NewReader(authorizationURL))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the person stopped: %s %v", text, err)
	}
	address, err := url.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return address.Query()
}

// reads fails the test unless the token reads devices.
func reads(t *testing.T, application *oauth2.Config, token *oauth2.Token) {
	t.Helper()
	answer := devices(t, application, token)
	var list struct{ Data []struct{ ID string } }
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || len(list.Data) == 0 || list.Data[0].ID == "" {
		t.Fatalf("%s: %v", answer.Status, list)
	}
}

// devices asks for the devices with the library's own HTTP client.
func devices(t *testing.T, application *oauth2.Config, token *oauth2.Token) *http.Response {
	t.Helper()
	answer, err := application.Client(context.Background(), token).Get(variable("API") + "/devices")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func variable(name string) string {
	value, found := os.LookupEnv("BLUESONDE_" + name)
	if !found {
		panic("BLUESONDE_" + name + " is not set: ../python/stage.py starts the server and these tests")
	}
	return value
}
