// Package dbserver starts private database servers for tests: a real PostgreSQL
// and a real MariaDB from the packages that Debian calls postgresql and
// mariadb-server.
//
// Each server keeps its files in the test's temporary folder, listens on a free
// port of the loopback interface and on a socket, offers TLS with a certificate
// of its own, and ends with the test, or with the test's process should that
// die. Servers that refuse to run as root run as nobody then.
package dbserver
