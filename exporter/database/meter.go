package database

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

var errFlood = errors.New("the server sends more than a row can hold")

// A meter counts what arrives since the last row.
type meter struct{ left atomic.Int64 }

func (m *meter) reset()        { m.left.Store(maxUnread) }
func (m *meter) flooded() bool { return m.left.Load() < 0 }

func (m *meter) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &metered{c, m}, nil
}

type metered struct {
	net.Conn
	meter *meter
}

func (c *metered) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.meter.left.Add(-int64(n)) < 0 {
		return 0, errFlood
	}
	return n, err
}
