package artifact

import "fmt"

// A budget is an allocator for reading one file. Lengths in a damaged or
// hostile file cannot make it take more memory than a small multiple of the
// file's size: files are uncompressed, so an honest one never needs that.
type budget struct{ left int }

func newBudget(fileSize int) *budget { return &budget{left: 8*fileSize + 1<<20} }

func (b *budget) Allocate(size int) []byte {
	if size < 0 || size > b.left {
		panic(fmt.Sprintf("it asks for %d bytes, more than the file can hold (compressed files are not supported)", size))
	}
	b.left -= size
	return make([]byte, size)
}

func (b *budget) Reallocate(size int, old []byte) []byte {
	if size <= cap(old) && size >= 0 {
		return old[:size]
	}
	grown := b.Allocate(size)
	copy(grown, old)
	return grown
}

func (b *budget) Free([]byte) {}
