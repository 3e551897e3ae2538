package importer

import (
	"context"
	"net/http/httptrace"
)

// hooks are how the crash harness stops a process between two steps of a write,
// and how it proves that it would notice. They are zero outside of tests.
type hooks struct {
	point  func(name string) // called at each of the points
	noLook bool              // intents whose end nobody saw are tried again without having looked at Cloud
}

func (h hooks) at(name string) {
	if h.point != nil {
		h.point(name)
	}
}

// trace adds the points that only the HTTP client can call.
func (h hooks) trace(ctx context.Context) context.Context {
	if h.point == nil {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { h.point("after-send") },
		GotFirstResponseByte: func() { h.point("before-answer-read") },
	})
}
