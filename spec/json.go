package spec

import "encoding/json"

// MarshalJSON writes a value as a JSON string with one line of YAML, because JSON has neither
// infinity nor a difference between 1 and 1.0. Positions are not kept.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.String()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Value) UnmarshalJSON(text []byte) error {
	var line string
	if err := json.Unmarshal(text, &line); err != nil {
		return err
	}
	read, err := ParseValue("value", line)
	if err == nil {
		*v = read
	}
	return err
}
