package exporter_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailferry/mailferry/exporter"
	"github.com/mailferry/mailferry/exporter/jirabackup"
	"github.com/mailferry/mailferry/internal/rig"
	"github.com/mailferry/mailferry/schema"
)

// tbl writes a table as "COLUMN type, COLUMN type".
func tbl(name string, rows int64, columns string) exporter.Table {
	t := exporter.Table{Name: name, Rows: rows}
	for _, c := range strings.Split(columns, ", ") {
		n, typ, _ := strings.Cut(c, " ")
		t.Columns = append(t.Columns, exporter.Column{Name: n, Type: typ})
	}
	return t
}

func audit() exporter.Table {
	return tbl("AO_544E33_AUDIT_LOG_ENTRY", 1e6, "ID bigint, FROM_ADDRESS text, SUBJECT text, USERNAME text, HOST text, CREATED timestamp, TYPE text, NAME text, PORT integer")
}

func connections(name string, rows int64) exporter.Table {
	return tbl(name, rows, "ID integer, NAME text, DESCRIPTION text, FROM_ADDRESS text, PREFIX text, PROTOCOL text, ENCRYPTION text, USERNAME text, PASSWORD text, HOST text, PORT integer, DEBUG boolean, OAUTH2_CREDENTIAL_ID integer")
}

func credentials() exporter.Table {
	return tbl("AO_544E33_OAUTH2_CREDENTIAL", 3, "ID integer, NAME text, SERVICE_PROVIDER text, CLIENT_ID text, CLIENT_SECRET text, AUTHORIZATION_ENDPOINT text, TOKEN_ENDPOINT text, CALLBACK_URL text, GRANT_TYPE text")
}

// mapping shows a table's profile as field=column pairs; what is not mapped
// shows how many there are to choose from.
func mapping(tp *schema.TableProfile) string {
	if tp == nil {
		return ""
	}
	var out []string
	for _, c := range tp.Columns {
		s := c.Field + "=" + c.Column
		if c.Column == "" {
			s = fmt.Sprintf("%s?%d", c.Field, len(c.Choices))
		}
		if c.Lookup != "" {
			s += "→" + c.Lookup
		}
		out = append(out, s)
	}
	return tp.Table + ": " + strings.Join(out, " ")
}

func TestSuggestionsFindTablesAndColumnsByTheirNames(t *testing.T) {
	full := "name=NAME description=DESCRIPTION from_address=FROM_ADDRESS prefix=PREFIX connect_mode=PROTOCOL encryption=ENCRYPTION username=USERNAME password=PASSWORD host=HOST port=PORT debug=DEBUG oauth2_credentials="
	cred := "AO_544E33_OAUTH2_CREDENTIAL: name=NAME service_provider=SERVICE_PROVIDER client_id=CLIENT_ID client_secret=CLIENT_SECRET authorization_endpoint=AUTHORIZATION_ENDPOINT token_endpoint=TOKEN_ENDPOINT callback_url=CALLBACK_URL grant=GRANT_TYPE"
	for name, c := range map[string]struct {
		tables                   []exporter.Table
		connections, credentials string
	}{
		"plain": {
			[]exporter.Table{audit(), connections("AO_544E33_MAIL_CONNECTION", 5), credentials()},
			"AO_544E33_MAIL_CONNECTION: " + full + "OAUTH2_CREDENTIAL_ID→ID", cred,
		},
		"other words, lower case, other types": {
			[]exporter.Table{audit(), tbl("ao_544e33_sender", 2, "id int(11), title varchar(255), notes longtext, sender varchar(255), subject_prefix varchar(10), connection_type int(11), security varchar(9), login varchar(255), encrypted_password longtext, smtp_host varchar(255), smtp_port int(11), debug_enabled bit(1), credentials varchar(255)")},
			"ao_544e33_sender: name=title description=notes from_address=sender prefix=subject_prefix connect_mode=connection_type encryption=security username=login password=encrypted_password host=smtp_host port=smtp_port debug=debug_enabled oauth2_credentials=credentials", "",
		},
		"a twin for incoming mail": {
			[]exporter.Table{connections("AO_544E33_INCOMING_CONNECTION", 9), connections("AO_544E33_OUTGOING_CONNECTION", 5), credentials()},
			"AO_544E33_OUTGOING_CONNECTION: " + full + "OAUTH2_CREDENTIAL_ID→ID", cred,
		},
		"an empty twin": {
			[]exporter.Table{connections("AO_544E33_CONNECTION_A", 0), connections("AO_544E33_CONNECTION_B", 5), credentials()},
			"AO_544E33_CONNECTION_B: " + full + "OAUTH2_CREDENTIAL_ID→ID", cred,
		},
		"another app's table": {
			[]exporter.Table{connections("AO_60DB71_MAIL_CONNECTION", 5), connections("AO_544E33_CONN", 5), credentials()},
			"AO_544E33_CONN: " + full + "OAUTH2_CREDENTIAL_ID→ID", cred,
		},
		"verbose names": {
			[]exporter.Table{tbl("ao_544e33_mail_channel", 3, "id serial, name varchar, descr varchar, sender_email varchar, subject_tag varchar, auth_method varchar, tls_mode varchar, auth_user varchar, auth_password varchar, relay_host varchar, relay_port int, verbose bool, owner_id int, client_config_ref int"),
				tbl("ao_544e33_client_config", 2, "client_config_id int, name varchar, vendor_code int, app_id varchar, app_secret_enc varchar, auth_url varchar, token_url varchar, redirect_url varchar, oauth_flow varchar")},
			"ao_544e33_mail_channel: name=name description=descr from_address=sender_email prefix=subject_tag connect_mode=auth_method encryption=tls_mode username=auth_user password=auth_password host=relay_host port=relay_port debug=verbose oauth2_credentials=client_config_ref→client_config_id",
			"ao_544e33_client_config: name=name service_provider=vendor_code client_id=app_id client_secret=app_secret_enc authorization_endpoint=auth_url token_endpoint=token_url callback_url=redirect_url grant=oauth_flow",
		},
		"no credentials for a key": {
			[]exporter.Table{connections("AO_544E33_CONN", 5)},
			"AO_544E33_CONN: " + full[:len(full)-1] + "?1", "",
		},
		"gaps": {
			[]exporter.Table{tbl("AO_544E33_CONN", 5, "ID integer, HOST text, SSL boolean, USERNAME text, PASSWORD text, FROM text, EXTRA text")},
			"AO_544E33_CONN: name?2 description?2 from_address=FROM prefix?2 connect_mode?2 encryption=SSL username=USERNAME password=PASSWORD host=HOST port?2 debug?2 oauth2_credentials?2", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, _, err := exporter.SuggestProfile(c.tables)
			if err != nil {
				t.Fatal(err)
			}
			if got := mapping(&p.Connections); got != c.connections {
				t.Errorf("connections\n got %s\nwant %s", got, c.connections)
			}
			if got := mapping(p.Credentials); got != c.credentials {
				t.Errorf("credentials\n got %s\nwant %s", got, c.credentials)
			}
		})
	}
}

func TestSuggestionsAreUnverifiedAndKeepSecretsIn(t *testing.T) {
	p, notes, err := exporter.SuggestProfile([]exporter.Table{connections("AO_544E33_C", 1), credentials()})
	if err != nil {
		t.Fatal(err)
	}
	if p.Verified || p.Note == "" {
		t.Error("a guess is called verified")
	}
	secret := 0
	for _, c := range slices.Concat(p.Connections.Columns, p.Credentials.Columns) {
		if c.Field == "password" || c.Field == "client_secret" {
			secret++
			if c.Secret != schema.Opaque {
				t.Errorf("%s is %q", c.Field, c.Secret)
			}
		}
	}
	if secret != 2 {
		t.Errorf("%d secrets mapped", secret)
	}
	if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "AO_544E33_C that nothing is mapped to: ID ") }) {
		t.Errorf("columns left over are not told: %q", notes)
	}
	raw := rig.Get(schema.MarshalIndent(p)).Or(t)
	var back schema.Profile
	if err := schema.DecodeFile("profile", raw, &back); err != nil {
		t.Errorf("the file that is written is no profile: %v\n%s", err, raw)
	}
	if mapping(&back.Connections) != mapping(&p.Connections) {
		t.Error("the file that is written is another profile")
	}
}

func TestEqualCandidatesAreNamedAndNonePicked(t *testing.T) {
	_, _, err := exporter.SuggestProfile([]exporter.Table{connections("AO_544E33_A", 1), credentials(), connections("AO_544E33_B", 2)})
	if err == nil || !strings.HasSuffix(err.Error(), `to hold the connections: "AO_544E33_A", "AO_544E33_B"`) || schema.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	twin := credentials()
	twin.Name += "_OLD"
	p, notes, err := exporter.SuggestProfile([]exporter.Table{connections("AO_544E33_A", 1), credentials(), twin})
	if err != nil || p.Credentials != nil {
		t.Fatalf("a credentials table was picked: %v", err)
	}
	if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, twin.Name) && strings.Contains(n, "none is picked") }) {
		t.Errorf("not told: %q", notes)
	}
}

func TestWithoutALikelyTableThereIsNoProfile(t *testing.T) {
	for want, tables := range map[string][]exporter.Table{
		"of the app there are: none": {connections("AO_60DB71_A", 1)},
		`no table looks like one of connections; of the app there are: "AO_544E`: {audit(), credentials()},
	} {
		p, _, err := exporter.SuggestProfile(tables)
		if p != nil || err == nil || !strings.Contains(err.Error(), want) || schema.HintOf(err) == "" {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestAProfileIsSuggestedEditedAndUsed goes the way of an administrator who
// knows nothing of the app's tables.
func TestAProfileIsSuggestedEditedAndUsed(t *testing.T) {
	backup := filepath.Join("..", "samples", "jira-backup.zip")
	tables := jirabackup.NewTables(backup, jirabackup.Options{})

	// 1. Suggest.
	contents := rig.Get(tables.Inspect(t.Context(), false)).Or(t)
	p, _, err := exporter.SuggestProfile(contents.Tables)
	if err != nil {
		t.Fatal(err)
	}
	file := rig.Get(schema.MarshalIndent(p)).Or(t)

	// 2. Edit: the passwords are no ciphertext, the client secrets are.
	counts := rig.Get(exporter.CountCiphertext(t.Context(), tables, p)).Or(t)
	if fmt.Sprint(counts) != "[{AO_544E33_MAIL_CONNECTION PASSWORD 0 8} {AO_544E33_OAUTH2_CREDENTIAL CLIENT_SECRET 3 3}]" {
		t.Errorf("ciphertext: %v", counts)
	}
	edited := strings.Replace(string(file), `"column": "PASSWORD",
        "secret": "opaque"`, `"column": "PASSWORD",
        "secret": "plain"`, 1)
	if edited == string(file) {
		t.Fatalf("nothing to edit in\n%s", file)
	}

	// 3. Use.
	var used schema.Profile
	rig.OK(t, schema.DecodeFile("profile", []byte(edited), &used))
	c := rig.Get(exporter.NewSource(jirabackup.NewTables(backup, jirabackup.Options{}), &used).Read(t.Context(), func(schema.Warning) {})).Or(t)
	b, secrets, err := export([]*exporter.Content{c}, exporter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Connections) != 14 || len(b.Credentials) != 3 || len(secrets) != 8 {
		t.Errorf("%d connections, %d credentials, %d secrets", len(b.Connections), len(b.Credentials), len(secrets))
	}
	portal := schema.Find(b.Connections, "Partner Portal").(*schema.ServerConnection)
	if portal.OAuth2Credentials != "Google Workspace – Portal" || portal.FromAddress != "partners@portal.example" {
		t.Errorf("%+v", portal)
	}
}
