package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// s3Parameters are those of an s3:// address, with the names that Go CDK uses.
var s3Parameters = []string{"region", "endpoint", "profile", "use_path_style", "anonymous"}

// atS3 is a bucket of S3, or of a server with its API. AWS's library finds the credentials and the
// region.
func atS3(u *url.URL) (*web, error) {
	params, err := parameters(u, s3Parameters...)
	if err != nil {
		return nil, err
	}
	if u.Host == "" {
		return nil, errors.New("s3:// needs a bucket: s3://BUCKET/PREFIX")
	}
	var flags [2]bool
	for i, name := range []string{"use_path_style", "anonymous"} {
		if text := params[name]; text != "" {
			if flags[i], err = strconv.ParseBool(text); err != nil {
				return nil, fmt.Errorf("%s must be true or false, not %.20q", name, text)
			}
		}
	}
	pathStyle, anonymous := flags[0], flags[1]
	endpoint := params["endpoint"]
	for _, name := range []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"} {
		if endpoint == "" {
			endpoint = os.Getenv(name)
		}
	}
	if endpoint != "" && !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	return newWeb(func(ctx context.Context) (*site, error) {
		options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
		if p := params["profile"]; p != "" {
			options = append(options, config.WithSharedConfigProfile(p))
		}
		cfg, err := config.LoadDefaultConfig(ctx, options...)
		if err != nil {
			return nil, noCredentials("the configuration of AWS cannot be read: %v", err)
		}
		region := params["region"]
		if region == "" {
			region = cfg.Region
		}
		if region == "" {
			region = "us-east-1"
		}
		base, err := s3Base(endpoint, u.Host, region, pathStyle || endpoint != "" && params["use_path_style"] == "")
		if err != nil {
			return nil, err
		}
		s := &site{base: base.JoinPath(u.Path), onlyNew: http.Header{"If-None-Match": {"*"}}}
		if !anonymous {
			s.ready = func(ctx context.Context) error {
				if _, err := cfg.Credentials.Retrieve(ctx); err != nil { // it keeps them
					return noCredentials("no credentials were found for AWS: %v", shortened(err))
				}
				return nil
			}
			s.authorize = s3Signing(cfg.Credentials, region)
		}
		return s, nil
	}), nil
}

// s3Base is the address of a bucket.
func s3Base(endpoint, bucket, region string, pathStyle bool) (*url.URL, error) {
	if endpoint == "" {
		endpoint = "https://s3." + region + ".amazonaws.com"
	}
	base, err := url.Parse(endpoint)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("the endpoint is not an address such as http://127.0.0.1:9000")
	}
	if pathStyle || strings.Contains(bucket, ".") { // no certificate is good for a name with two more dots
		return base.JoinPath(bucket), nil
	}
	base.Host = bucket + "." + base.Host
	return base, nil
}

func s3Signing(from aws.CredentialsProvider, region string) func(*http.Request, content) error {
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return func(r *http.Request, c content) error {
		credentials, err := from.Retrieve(r.Context())
		if err != nil {
			return noCredentials("no credentials were found for AWS: %v", shortened(err))
		}
		sum, err := c.sum(r.Context())
		if err != nil {
			return err
		}
		r.URL.RawPath = s3Escaped(r.URL.Path)
		r.Header.Set("X-Amz-Content-Sha256", sum.String())
		return signer.SignHTTP(r.Context(), credentials, r, sum.String(), "s3", region, time.Now())
	}
}

// s3Escaped is a path as S3 computes it for a signature: only letters, digits and -._~/ stay. Go's
// escaping leaves others as they are, such as = and +.
func s3Escaped(path string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// shortened is an error without its chain of causes, which fills lines.
func shortened(err error) error {
	text, _, _ := strings.Cut(err.Error(), ", ")
	return errors.New(text)
}
