package jirabackup

import "io"

const (
	// chunkSize is how much of the document is handed on at a time: small
	// enough to stay in the processor's cache, large enough that handing on
	// costs nothing.
	chunkSize = 256 << 10
	// headroom is the room before each chunk into which the scanner moves what
	// it has not consumed yet, and so the longest tag that it can see whole.
	headroom = 64 << 10
	// chunksAhead is how far inflating may run ahead of scanning.
	chunksAhead = 4
)

// A chunk is the next piece of a document: buf[headroom:headroom+n]. The last
// one carries the error that ended the document, io.EOF when nothing is wrong.
type chunk struct {
	buf []byte
	n   int
	err error
}

// A stream reads a document ahead in a goroutine of its own, so that inflating
// and scanning overlap.
type stream struct {
	chunks chan chunk
	free   chan []byte
	stop   chan struct{}
	ended  chan struct{}
}

// newStream starts reading r, size bytes at a time. The caller must call close.
func newStream(r io.Reader, size int) *stream {
	s := &stream{
		chunks: make(chan chunk, chunksAhead),
		free:   make(chan []byte, chunksAhead),
		stop:   make(chan struct{}),
		ended:  make(chan struct{}),
	}
	for range chunksAhead {
		s.free <- nil
	}
	go s.read(r, size)
	return s
}

func (s *stream) read(r io.Reader, size int) {
	defer close(s.ended)
	for {
		var c chunk
		select {
		case c.buf = <-s.free:
		case <-s.stop:
			return
		}
		if c.buf == nil {
			c.buf = make([]byte, headroom+size)
		}
		room := c.buf[headroom:]
		// Not io.ReadFull: it would blur the end of the document with the
		// io.ErrUnexpectedEOF of a compressed stream that was cut in half.
		for c.n < len(room) && c.err == nil {
			var n int
			n, c.err = r.Read(room[c.n:])
			c.n += n
		}
		select {
		case s.chunks <- c:
		case <-s.stop:
			return
		}
		if c.err != nil {
			return
		}
	}
}

// next waits for the next chunk. It must not be called again after a chunk with
// an error. The chunk's buffer belongs to the caller until release.
func (s *stream) next() chunk { return <-s.chunks }

func (s *stream) release(buf []byte) { s.free <- buf }

// close ends the reading goroutine and waits for it, so that the file under it
// may be closed.
func (s *stream) close() {
	close(s.stop)
	<-s.ended
}
