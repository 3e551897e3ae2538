package proxy

import (
	"net/url"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// set makes these the only proxy settings.
func set(t *testing.T, settings map[string]string) {
	t.Helper()
	for _, n := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"} {
		t.Setenv(n, settings[n])
	}
}

func TestWhatCannotBeReadIsAnErrorWithoutItsValue(t *testing.T) {
	addresses := []string{
		"http://u:CANARY#x@proxy.example:8080", "http://u:CANARY/x@proxy.example:8080", "http://u:CANARY%zz@proxy.example", "u:CANARY?x@proxy.example:8080",
		"ftp://u:CANARY@proxy.example", "socks4://u:CANARY@proxy.example", "htp://proxy.example:8080", "http:/proxy.example:8080", "http:proxy.example",
		"http://", "http://:8080", "://proxy.example", "http://proxy.example:port", "http://proxy.example:0", "http://proxy.example:65536", "proxy.example:80a",
		"http://proxy.example:8080/CANARY", "http://proxy.example?x=CANARY", "proxy one:8080", "http://proxy%20one:8080", "http://[fd00::1", "proxy,other",
		"http://a.example:1;https=http://b.example:2", "http://http://proxy.example", "DIRECT;", "proxy.example:8080\nCANARY", "'http://proxy.example'",
	}
	lists := []string{
		"localhost corp.example", "localhost;corp.example", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/CANARY", "http://corp.example", "corp.example/x",
		"corp.*", "*corp*.example", "corp.example:port", "corp.example:65536", ":8080", "[fd00::1", "[fd00::1]", "[corp.example]:80", "fd00::zz", "ok.example,u:CANARY@x.example",
		"<local>", "corp.example,'b.example'", "*.",
	}
	refused := func(name, value string) {
		set(t, map[string]string{name: value})
		got, err := FromEnvironment()
		if err == nil {
			t.Errorf("%s=%q is read as %+v", name, value, got)
			return
		}
		if !strings.HasPrefix(err.Error(), name+": ") || schema.HintOf(err) == "" || strings.Contains(err.Error()+schema.HintOf(err), "CANARY") || strings.Contains(schema.HintOf(err), "!") {
			t.Errorf("%s=%q: %v (%s)", name, value, err, schema.HintOf(err))
		}
	}
	for _, value := range addresses {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
			refused(name, value)
		}
	}
	for _, value := range lists {
		refused("NO_PROXY", value)
		refused("no_proxy", value)
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} { // whichever another program would look at
		set(t, map[string]string{"HTTPS_PROXY": "proxy.example:8080", "https_proxy": "proxy.example:8080", name: "CANARY:x"})
		if _, err := FromEnvironment(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatCanBeReadIsObeyed(t *testing.T) {
	for name, tt := range map[string]struct {
		settings map[string]string
		url      string
		want     string // "" is a direct connection
	}{
		"nothing set":              {nil, "https://site.example", ""},
		"an empty setting":         {map[string]string{"HTTPS_PROXY": " "}, "https://site.example", ""},
		"its own scheme's":         {map[string]string{"HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:2"}, "https://site.example", "http://b:2"},
		"the other scheme's":       {map[string]string{"HTTP_PROXY": "http://a:1"}, "https://site.example", ""},
		"for all":                  {map[string]string{"ALL_PROXY": "socks5h://a:1"}, "https://site.example", "socks5h://a:1"},
		"for all that have none":   {map[string]string{"all_proxy": "http://a:1", "https_proxy": "http://b:2"}, "http://site.example", "http://a:1"},
		"its own before all":       {map[string]string{"ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:2"}, "https://site.example", "http://b:2"},
		"in lower case first":      {map[string]string{"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2"}, "https://site.example", "http://b:2"},
		"without a scheme":         {map[string]string{"HTTPS_PROXY": "user:pw@proxy.example:8080/"}, "https://site.example", "http://user:pw@proxy.example:8080/"},
		"with a password":          {map[string]string{"HTTPS_PROXY": "http://u:p%23%2F%25@p.example"}, "https://site.example", "http://u:p%23%2F%25@p.example"},
		"an address of version 6":  {map[string]string{"HTTPS_PROXY": "http://[fd00::1]:80"}, "https://site.example", "http://[fd00::1]:80"},
		"blanks around":            {map[string]string{"HTTPS_PROXY": " http://p.example:1\n"}, "https://site.example", "http://p.example:1"},
		"an exception by name":     {map[string]string{"HTTPS_PROXY": "p:1", "NO_PROXY": "a.example, .site.example,,"}, "https://x.site.example", ""},
		"an exception by wildcard": {map[string]string{"HTTPS_PROXY": "p:1", "NO_PROXY": "*.site.example:443"}, "https://x.site.example", ""},
		"an exception by network":  {map[string]string{"HTTPS_PROXY": "p:1", "no_proxy": "fd00::1,[fd00::2]:443,10.0.0.0/8"}, "https://10.1.2.3", ""},
		"an exception for all":     {map[string]string{"HTTPS_PROXY": "p:1", "NO_PROXY": "*"}, "https://site.example", ""},
		"an exception for another": {map[string]string{"HTTPS_PROXY": "p:1", "NO_PROXY": "büro_1.example,10.0.0.1:80"}, "https://site.example", "http://p:1"},
	} {
		set(t, tt.settings)
		config, err := FromEnvironment()
		if err != nil {
			t.Errorf("%s: %v (%s)", name, err, schema.HintOf(err))
			continue
		}
		target := rig.Get(url.Parse(tt.url)).Or(t)
		got, err := config.ProxyFunc()(target)
		if err != nil || got == nil && tt.want != "" || got != nil && got.String() != tt.want {
			t.Errorf("%s: got %v, %v, want %q", name, got, err, tt.want)
		}
	}
}
