package command

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// copyFile copies a file to a new one. Blocks of zeros become holes, so that a copy of a sparse file
// takes no more space than the file.
func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(copySparse(dst, src), dst.Close())
}

func copySparse(dst *os.File, src io.Reader) error {
	const block = 1 << 16
	buffer, zeros := make([]byte, block), make([]byte, block)
	size := int64(0)
	for {
		n, err := io.ReadFull(src, buffer)
		if n > 0 && !bytes.Equal(buffer[:n], zeros[:n]) {
			if _, err := dst.WriteAt(buffer[:n], size); err != nil {
				return err
			}
		}
		size += int64(n)
		switch {
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return dst.Truncate(size)
		case err != nil:
			return err
		}
	}
}
