package findings

import (
	"strings"

	"github.com/mailferry/mailferry/transform"
)

// Rules returns the table: all that an audit looks for, in the order in which
// it is worth reading.
func Rules() []Rule {
	return []Rule{
		// Names
		{"duplicate-name", Error, "Names that differ only by case, blanks or Unicode form, or not at all",
			"Connections refer to credentials by name, and Cloud is matched by name; people cannot tell these apart.",
			"Give one of them another name on Server and export again.",
			duplicateNames},
		{"lookalike-name", Warning, "Two names that look alike",
			"A reviewer may approve one and mean the other.",
			"Compare the two letter by letter; rename one on Server if both are meant.",
			lookalikeNames},

		// Characters
		{"blank-edge", Warning, "A blank at the beginning or end",
			"It cannot be seen, makes names and addresses differ, and some forms cut it off.",
			"Remove it on Server and export again, unless it is meant.",
			texts(blankEdge)},
		{"control-character", Error, "A control character",
			"It does not belong in a setting, can hide text on a terminal, and in addresses may start a new mail header.",
			"Find out how it got there; remove it on Server and export again.",
			texts(controlCharacter)},
		{"bidi-character", Error, "A character that turns the reading direction",
			"What is shown is not the order of what is stored: a host or name can be made to look like another.",
			"Treat the value as hostile until somebody explains it.",
			texts(bidiCharacter)},
		{"zero-width-character", Error, "An invisible character",
			"Two values that look the same differ; Cloud will not find the one by the other.",
			"Remove it on Server and export again.",
			texts(invisibleCharacter)},
		{"lookalike-character", Warning, "A letter that looks like another",
			"Letters of different scripts in one word, or letters drawn like ASCII ones, are how look-alike hosts and names are made.",
			"Compare with the name or host that you know; type it anew on Server if it is a mistake.",
			texts(lookalikeCharacter)},

		// Addresses, hosts and ports
		{"address-missing", Warning, "No sender address",
			"Mail servers refuse mail without a sender, or Cloud puts in one of its own.",
			"Set the sender address on Server, or on Cloud after the import.",
			connections(addressMissing)},
		{"address-malformed", Error, "The sender address is malformed",
			"Mail servers refuse it, or Cloud's form does.",
			"Correct it on Server to a bare address such as jira@corp.example, and export again.",
			connections(addressMalformed)},
		{"host-missing", Error, "No host",
			"A connection without OAuth2 needs the mail server's name.",
			"Set the host on Server and export again.",
			connections(hostMissing)},
		{"host-malformed", Error, "The host is malformed",
			"It is neither a host name nor an IP address, so nothing can connect to it.",
			"Correct it on Server: the bare name, without scheme, port or path.",
			connections(hostMalformed)},
		{"host-private", Error, "Cloud cannot reach this host",
			"Cloud connects over the Internet; private networks, local names and Jira's own machine are out of its sight.",
			"Use a host with a public name, or open a relay to Atlassian's addresses.",
			hostPrivate},
		{"port-missing", Error, "No port, or one out of range",
			"A connection without OAuth2 needs a port from 1 to 65535.",
			"Set the port on Server and export again.",
			connections(portMissing)},
		{"port-25", Warning, "Port 25",
			"Port 25 is for mail between servers; cloud providers widely block it.",
			"Use 587 with STARTTLS or 465 with TLS, if the mail server offers them.",
			connections(port25)},
		{"port-encryption", Warning, "Port and encryption likely disagree",
			"465 begins with TLS, 587 turns to TLS by STARTTLS: with the other one the connection hangs or fails.",
			"Let mailferry probe show what the server speaks; correct the one that is wrong.",
			connections(portEncryption)},

		// Passwords
		{"password-unencrypted", Error, "A password without encryption",
			"The password crosses the Internet readable to everyone on the way.",
			"Turn on the encryption that mailferry probe finds there, and change the password.",
			connections(passwordUnencrypted)},
		{"password-office365", Warning, "A password on smtp.office365.com",
			"Microsoft turns basic authentication for SMTP off by default at the end of December 2026; mail then fails with 550 5.7.30.",
			"Move the connection to OAuth2.",
			connections(passwordOffice365)},
		{"username-missing", Warning, "No username",
			"A password or an OAuth2 authorisation belongs to a user; without its name the sign-in fails.",
			"Set the username on Server and export again.",
			connections(usernameMissing)},
		{"password-shared", Warning, "One password shared by several connections",
			"Whoever learns it from one has them all, and changing it must be done everywhere at once.",
			"Give each account a password of its own when the passwords are changed after the move.",
			passwordShared},
		{"secret-missing", Warning, "The secret is missing",
			"Import refuses to create this item until it has the secret; it is never sent as empty.",
			"Add it with fill, or give it to import with --secrets.",
			each(secretMissing, lists...)},
		{"secret-in-settings", Error, "A secret may stand among the settings",
			"Reviewers see every setting; what stands here is not sealed.",
			"Map the value to the secret's field when exporting, or leave it out; change it if it is a real secret.",
			secretInSettings},
		{"secret-unreferenced", Warning, "A sealed secret that nothing refers to",
			"Recipients hold a secret that no reviewer can see or approve.",
			"Remove it with rekey.",
			unreferenced},

		// OAuth2
		{"credential-missing", Error, "The OAuth2 credential is not in the bundle",
			"The connection needs a credential that must exist on Cloud first.",
			"Export it along, or check that Cloud already has one of this name.",
			connections(credentialMissing)},
		{"credential-unused", Note, "No connection uses this OAuth2 credential",
			"It would be created on Cloud, secret and all, for nothing.",
			"Leave it out with --exclude unless something else needs it.",
			credentialUnused},
		{"endpoint-http", Error, "An endpoint without TLS",
			"The client secret and the tokens would travel readable.",
			"Use the provider's https address.",
			endpoints(endpointHTTP)},
		{"endpoint-malformed", Error, "The endpoint is malformed",
			"It is not an absolute https address, so no token can be had there.",
			"Correct it on Server and export again.",
			endpoints(endpointMalformed)},
		{"oauth-authorise", Note, "Must be authorised again on Cloud",
			"Tokens do not travel: until a person authorises the connection on Cloud, it sends nothing.",
			"After the import, open the connection on Cloud and authorise it as its user.",
			connections(authorise)},
		{"oauth-redirect", Note, "Cloud's redirect URI must be registered",
			"The callback URL belongs to one Jira instance; Google or Microsoft refuse another.",
			"Register the redirect URI that Cloud shows with the provider.",
			credentials(redirect)},

		// The rest
		{"debug-on", Warning, "Debug is on",
			"Debug logs hold addresses and mail text.",
			"Turn it off unless somebody is looking for a fault right now.",
			connections(debugOn)},
		{"sender-domain", Warning, "The sender's domain differs from the user's",
			"Many mail servers refuse to send for another domain, and SPF or DMARC may fail.",
			"Make sure that this user may send as this address: mailferry probe --login asks the server.",
			connections(senderDomain)},
		{"setting-no-place", Warning, "A setting that Cloud has no place for",
			"It stays behind; Cloud behaves as if it had never been set.",
			"Decide whether it is needed; do by hand what Cloud offers instead.",
			notes(func(n transform.Note) bool { return n.Kind == transform.Dropped && isExtra(n.Field) })},
		{"setting-dropped", Note, "A setting that is not carried over",
			"Cloud does not want it here; the rules say why.",
			"Nothing, if the reason convinces you.",
			notes(func(n transform.Note) bool { return n.Kind == transform.Dropped && !isExtra(n.Field) })},
		{"value-unmapped", Warning, "A value that no rule maps",
			"It is carried as it is; Cloud may not know it.",
			"Look at what Cloud's form offers and add the value to the rules.",
			notes(ofKind(transform.Unmapped))},
		{"value-unverified", Note, "A value mapped by a guess",
			"The vendor does not document Cloud's word for it; nobody has seen this one work.",
			"Compare with what Cloud's form offers, then mark the rule as verified.",
			notes(ofKind(transform.Unverified))},
		{"encryption-remapped", Warning, "Encryption has another word on Cloud",
			"A password depends on it, and the word comes from the rules: whoever wrote them could have chosen a weaker one.",
			"Make sure that both words mean the same, on both sides' forms.",
			notes(changesEncryption)},
		{"counts-differ", Warning, "The manifest's counts are not the bundle's",
			"Whoever wrote or changed the file did not keep them; the lists are the truth.",
			"Ask who last wrote this file.",
			countsDiffer},
		{exceptionExpired, Warning, "An exception has expired",
			"It was granted for a time; the finding counts again.",
			"Remove the cause, or have the exception granted anew.",
			nil},
		{exceptionIdle, Note, "An exception is no longer needed",
			"Its rule does not find anything there any more.",
			"Remove it from the policy.",
			nil},
	}
}

// Rules that the policy itself brings about; see except.
const (
	exceptionExpired = "exception-expired"
	exceptionIdle    = "exception-idle"
)

func isExtra(field string) bool { return strings.HasPrefix(field, "extra.") }

func changesEncryption(n transform.Note) bool {
	return n.Field == "encryption" && n.To != "" && n.From != n.To
}
