package formprofile_test

import (
	"strings"
	"testing"

	"github.com/mailferry/mailferry/internal/formprofile"
	"github.com/mailferry/mailferry/internal/page"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

func TestShippedProfilesSayEveryLabelAndThatNobodyVerifiedThem(t *testing.T) {
	for _, side := range []string{schema.ServerSide, schema.CloudSide} {
		p := rig.Get(formprofile.Shipped(side)).Or(t)
		if p.Verified || p.Note == "" || p.Side != side {
			t.Errorf("%s: verified %v, note %q", p.Side, p.Verified, p.Note)
		}
		for _, l := range []schema.List{schema.Connections, schema.Credentials} {
			for _, f := range schema.Fields(p.Bundle(), l) {
				if got := p.List(l).Label(f.Name); got != f.Label {
					t.Errorf("%s %s: %s is labelled %q, documented %q", side, l, f.Name, got, f.Label)
				}
			}
		}
		printed := rig.Get(schema.MarshalIndent(p)).Or(t)
		again, err := formprofile.Parse(printed, side)
		if err != nil {
			t.Fatalf("a printed profile does not read back: %v", err)
		}
		twice, err := schema.MarshalIndent(again)
		if err != nil || string(twice) != string(printed) {
			t.Errorf("a printed profile changes when it is read: %v", err)
		}
	}
}

func TestProfilesThatCannotBeWorkedByAreRefused(t *testing.T) {
	good := rig.Get(formprofile.Shipped(schema.CloudSide)).Or(t)
	raw := rig.Get(schema.MarshalIndent(good)).Or(t)
	for name, test := range map[string]struct{ old, new, says string }{
		"another format":       {`mailferry/form-profile/v1`, `mailferry/profile/v1`, "format"},
		"another side":         {`"side": "cloud"`, `"side": "server"`, "one of cloud is needed"},
		"no side":              {`"side": "cloud"`, `"side": "moon"`, "side"},
		"an unknown member":    {`"verified": false`, `"verified": false, "delete": "Delete"`, "delete"},
		"an unknown field":     {`"field": "smtp_port"`, `"field": "port"`, `there is no field "port"`},
		"a field twice":        {`"field": "smtp_port"`, `"field": "host"`, "line 79, column 7: connections.fields[9]: host is there twice"},
		"two equal labels":     {`"label": "SMTP Port"`, `"label": "host *"`, "host and smtp_port have the same label"},
		"an unknown decider":   {`"decides": "service_provider"`, `"decides": "moon"`, "decides"},
		"an optional name":     {`"label": "Name"`, `"label": "Name", "optional": true`, "name is on every form"},
		"a path off the site":  {`"heading": "Outgoing`, `"path": "//evil.example/", "heading": "Outgoing`, "path"},
		"nothing to recognise": {"\"signed_in\": [\n    \"Administration\",\n    \"OUTGOING MAILS\"\n  ]", `"signed_in": []`, "signed_in"},
	} {
		t.Run(name, func(t *testing.T) {
			edited := strings.Replace(string(raw), test.old, test.new, 1)
			if edited == string(raw) {
				t.Fatalf("the profile lacks %s:\n%s", test.old, raw)
			}
			if _, err := formprofile.Parse([]byte(edited), schema.CloudSide); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAddressesOfSites(t *testing.T) {
	p, err := formprofile.Shipped(schema.CloudSide)
	if err != nil {
		t.Fatal(err)
	}
	for address, host := range map[string]string{
		"page+https://site.atlassian.net/plugins?jwt=hunter2#hunter2": "site.atlassian.net",
		"page+http://127.0.0.1:8080/":                                 "127.0.0.1:8080",
		"page+http://[::1]:8080":                                      "[::1]:8080",
		"page+http://localhost":                                       "localhost",
		"page+https://site/x;jsessionid=hunter2":                      "site",
	} {
		s, err := formprofile.New(address, formprofile.Options{Profile: p, Browser: page.Options{}})
		if err != nil || s.Host() != host || strings.ContainsAny(s.URL(), "?#") || strings.Contains(s.URL(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"page+http://site.atlassian.net/", "page+https://", "page+https://anna@site/", "page+file:///etc/passwd",
		"page+javascript:alert(1)", "page+http://127.0.0.1.evil.example/", "page+", "page+https://a:hunter2@site/"} {
		if _, err := formprofile.New(address, formprofile.Options{Profile: p}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAllThatIsWrongWithAProfileIsSaidAtOnce(t *testing.T) {
	p, err := formprofile.Shipped(schema.CloudSide)
	if err != nil {
		t.Fatal(err)
	}
	p.Connections.Decides = "nothing"
	p.Credentials.Fields[1].Label = p.Credentials.Fields[0].Label
	doc, err := schema.MarshalIndent(p)
	if err != nil {
		t.Fatal(err)
	}
	_, err = formprofile.Parse(doc, "")
	if err == nil {
		t.Fatal("it is taken")
	}
	if lines := schema.ErrorLines(err); len(lines) != 2 || !strings.Contains(lines[0], `no field "nothing"`) || !strings.Contains(lines[1], "same label") {
		t.Errorf("%q", lines)
	}
}
