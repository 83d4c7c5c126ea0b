//go:build !(linux || darwin)

package disk

import "time"

func sinceBoot() time.Duration { return sinceStart() }
