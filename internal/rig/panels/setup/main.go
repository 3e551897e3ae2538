// Command setup builds the panels, before a test needs them.
package main

import (
	"log"

	"github.com/mailferry/mailferry/internal/rig/panels"
)

func main() {
	log.SetFlags(0)
	if _, err := panels.Build(); err != nil {
		log.Fatalf("setup: the panels cannot be built: %v", err)
	}
}
