// Package database reads connections and credentials from Jira's own database:
// PostgreSQL, MySQL or MariaDB, through a profile, in one read-only transaction.
//
// An address is postgres://USER@HOST:PORT/DATABASE or mysql://USER@HOST:PORT/DATABASE
// (postgresql:// and mariadb:// are the same; %2Frun%2Fsock in the place of HOST is
// the folder (PostgreSQL) or file (MySQL) of a local socket), or the JDBC address of Jira's dbconfig.xml with ?user=USER behind it,
// whose other parameters count only where they say the schema or how TLS is wanted.
// Ours takes these parameters:
//
//	schema         PostgreSQL: the schema that Jira's tables stand in; needed only where two have them
//	sslmode        PostgreSQL, as libpq has it: disable, allow, prefer (default), require, verify-ca, verify-full
//	sslrootcert, sslcert, sslkey
//	               PostgreSQL, as libpq has them
//	tls            MySQL: false, preferred (default), skip-verify, true
//	tls_ca         MySQL: a PEM file of authorities to trust, for tls=true
//	defaults_file  MySQL: an option file whose [client] groups have the password
//
// The defaults take TLS where the server offers it but hold it to no
// certificate, as the databases' own clients do; a person is warned where a
// connection to another machine is not encrypted at all. Use sslmode=verify-full
// or tls=true across a network that you do not trust.
//
// A password never stands in an address. It comes from PGPASSWORD or ~/.pgpass
// (PGPASSFILE); from defaults_file, MYSQL_PWD or the [client] groups of ~/.my.cnf;
// or from whom [Options] asks. No message contains one.
package database
