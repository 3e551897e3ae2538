package panels

// Sample is a site's content, made up: texts with quotes, lines, blanks and
// characters of many kinds; one credential, and a connection that uses it.
func Sample(server bool) Store {
	credential := Item{"name": "Google Workspace – Mail", "service_provider": issuers[0],
		"client_id": "8812-abc.apps.example", "client_secret": "canary-client-secret",
		"authorization_endpoint": "https://accounts.google.com/o/oauth2/auth",
		"token_endpoint":         "https://oauth2.googleapis.com/token"}
	desk := Item{"name": "Support Desk", "description": "Kundendienst, 1st level", "encryption": "TLS",
		"username": `WERK\svc-mail`,
		"password": `CANARY-pw-"quoted", comma; 1`, "host": "smtp.werk.example", "debug": "false"}
	sales := Item{"name": "Vertrieb Süd", "description": "Zeile eins\nZeile zwei", "encryption": "SSL",
		"username": "vertrieb@werk.example",
		"password": "CANARY-pw-ümlaut-€-2", "host": "mail.werk.example", "debug": "true"}
	suite := Item{"name": "GSuite 📬", "description": "google", "username": "jira@g.werk.example",
		"oauth2_credentials": credential["name"]}
	if server {
		credential["callback_url"] = "https://jira.werk.example/plugins/servlet/oauth2"
		suite["encryption"], suite["debug"] = "None", "false"
	}
	side := func(item Item, from, prefix, port, mode string) Item {
		keys := []string{"from_email_address", "email_prefix", "smtp_port", "service_provider"}
		if server {
			keys = []string{"from_address", "prefix", "port", "connect_mode"}
		}
		for n, value := range []string{from, prefix, port, mode} {
			if value != "" || n == 1 {
				item[keys[n]] = value
			}
		}
		return item
	}
	plain, oauth := smtp, cloudProviders[1]
	if server {
		plain, oauth = modes[0], modes[1]
	}
	return Store{Credentials: []Item{credential}, Connections: []Item{
		side(desk, "support@werk.example", "[SUP]", "587", plain),
		side(sales, "vertrieb@werk.example", "", "465", plain),
		side(suite, "jira@g.werk.example", "[JIRA]", "", oauth),
	}}
}
