package remote

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// azureVersion is the version of the service's interface.
const azureVersion = "2021-12-02"

// atAzure is a container of Azure Blob Storage. The account and its key, or a shared access
// signature, are in the variables that Azure's tools use. Otherwise Azure's library finds the
// credentials.
func atAzure(u *url.URL) (*web, error) {
	params, err := parameters(u, "storage_account", "endpoint")
	if err != nil {
		return nil, err
	}
	account := params["storage_account"]
	if account == "" {
		account = os.Getenv("AZURE_STORAGE_ACCOUNT")
	}
	switch {
	case u.Host == "":
		return nil, errors.New("azblob:// needs a container: azblob://CONTAINER/PREFIX")
	case account == "":
		return nil, errors.New("azblob:// needs the name of the account: set AZURE_STORAGE_ACCOUNT")
	}
	endpoint := params["endpoint"]
	if endpoint == "" {
		endpoint = "https://" + account + ".blob.core.windows.net"
	}
	base, err := url.Parse(endpoint)
	if err != nil || base.Host == "" {
		return nil, errors.New("the endpoint is not an address such as http://127.0.0.1:10000/devstoreaccount1")
	}
	return newWeb(func(context.Context) (*site, error) {
		s := &site{base: base.JoinPath(u.Host, u.Path), onlyNew: http.Header{"If-None-Match": {"*"}}, putting: http.Header{"X-Ms-Blob-Type": {"BlockBlob"}}}
		return s, azureCredentials(s, account)
	}), nil
}

// azureCredentials sets how requests to a site are authorized.
func azureCredentials(s *site, account string) error {
	if signature := strings.TrimPrefix(os.Getenv("AZURE_STORAGE_SAS_TOKEN"), "?"); signature != "" {
		s.authorize = func(r *http.Request, _ content) error {
			r.Header.Set("X-Ms-Version", azureVersion)
			r.URL.RawQuery = signature
			return nil
		}
		return nil
	}
	if text := os.Getenv("AZURE_STORAGE_KEY"); text != "" {
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return noCredentials("AZURE_STORAGE_KEY is not the key of an account, which is base64")
		}
		s.authorize = func(r *http.Request, _ content) error {
			r.Header.Set("X-Ms-Date", time.Now().UTC().Format(http.TimeFormat))
			r.Header.Set("X-Ms-Version", azureVersion)
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(azureSigned(r, account)))
			r.Header.Set("Authorization", "SharedKey "+account+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
			return nil
		}
		return nil
	}
	found, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return noCredentials("no credentials were found; set AZURE_STORAGE_KEY, or run: az login")
	}
	token := newBearer(func(ctx context.Context) (string, time.Time, error) {
		t, err := found.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://storage.azure.com/.default"}})
		if err != nil {
			return "", time.Time{}, noCredentials("the credentials for Azure give no token")
		}
		return "Bearer " + t.Token, t.ExpiresOn, nil
	})
	s.ready = token.ready
	s.authorize = func(r *http.Request, c content) error {
		r.Header.Set("X-Ms-Version", azureVersion)
		return token.authorize(r, c)
	}
	return nil
}

// azureSigned is the text that a shared key signs. Requests have no query.
func azureSigned(r *http.Request, account string) string {
	length := ""
	if r.ContentLength > 0 {
		length = strconv.FormatInt(r.ContentLength, 10)
	}
	h := r.Header.Get
	lines := []string{
		r.Method, h("Content-Encoding"), h("Content-Language"), length, h("Content-MD5"), h("Content-Type"), "",
		h("If-Modified-Since"), h("If-Match"), h("If-None-Match"), h("If-Unmodified-Since"), h("Range"),
	}
	var own []string
	for name := range r.Header {
		if name := strings.ToLower(name); strings.HasPrefix(name, "x-ms-") {
			own = append(own, name+":"+h(name))
		}
	}
	slices.Sort(own)
	lines = append(append(lines, own...), "/"+account+r.URL.EscapedPath())
	return strings.Join(lines, "\n")
}
