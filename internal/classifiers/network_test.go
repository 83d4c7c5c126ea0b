package classifiers

import (
	"reflect"
	"strings"
	"testing"

	"foil/models/zoo"
)

// TestNamesAreThoseOfTheZoo holds the names that specs may have against the tables.
func TestNamesAreThoseOfTheZoo(t *testing.T) {
	var classifiers, attackers []string
	for _, c := range zoo.Classifiers {
		classifiers = append(classifiers, c.Name)
	}
	for _, a := range zoo.Attackers {
		attackers = append(attackers, a.Name)
	}
	for _, c := range []struct {
		parameter any
		names     []string
	}{{Network{}, classifiers}, {Attacker{}, attackers}} {
		field, _ := reflect.TypeOf(c.parameter).FieldByName("Name")
		if got, want := field.Tag.Get("oneof"), strings.Join(c.names, ","); got != want {
			t.Errorf("%T takes %s, the zoo has %s", c.parameter, got, want)
		}
	}
}
