package load

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"foil/internal/artifact"
	"foil/internal/tabular"
	"foil/pipeline"
)

// ownData turns people's tables into interactions.
type ownData struct {
	params *CSVParams
	cell   *pipeline.Cell
	tables map[string]*tabular.Table // by the parameter that names the file
}

func (l *ownData) read(ctx context.Context) (*artifact.Dataset, error) {
	x, users, items, err := l.interactions()
	if err != nil {
		return nil, err
	}
	d := &artifact.Dataset{Interactions: x, Users: artifact.Users{ID: users}, Items: artifact.Items{ID: items}}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := l.attributes(&d.Users); err != nil {
		return nil, err
	}
	return d, l.titles(&d.Items)
}

// interactions reads the pairs, in order and without repetitions, and the ids that they count.
func (l *ownData) interactions() (x artifact.Interactions, users, items []string, err error) {
	t, p := l.tables["file"], l.params
	var numbers []int
	at := map[string]int{} // position in columns
	for _, c := range p.named() {
		if c.column == "" {
			continue
		}
		i, err := t.Find(c.column, "parameter "+c.parameter)
		if err != nil {
			return x, nil, nil, err
		}
		at[c.parameter] = len(numbers)
		numbers = append(numbers, i)
	}
	columns, err := t.Read(numbers...)
	if err != nil {
		return x, nil, nil, err
	}
	column := func(parameter string) *tabular.Column {
		if i, ok := at[parameter]; ok {
			return columns[i]
		}
		return nil
	}
	if x.User, users, err = number(column("user")); err != nil {
		return x, nil, nil, err
	}
	if x.Item, items, err = number(column("item")); err != nil {
		return x, nil, nil, err
	}
	if len(x.User) == 0 {
		return x, nil, nil, fmt.Errorf("%s has no interactions: there is nothing below its head", t.Name)
	}
	if c := column("rating"); c != nil {
		if x.Rating, err = c.Numbers(); err != nil {
			return x, nil, nil, err
		}
	}
	if c := column("timestamp"); c != nil {
		var found string
		if x.Time, found, err = c.Times(); err != nil {
			return x, nil, nil, err
		}
		l.cell.Note("%s: the times in %q were read as %s: %s to %s", t.Name, c.Name, found, date(slices.Min(x.Time)), date(slices.Max(x.Time)))
	}
	if c := column("weight"); c != nil {
		if x.Weight, err = c.Numbers(); err != nil {
			return x, nil, nil, err
		}
		for row, v := range x.Weight {
			if v < 0 {
				return x, nil, nil, c.Errorf(row, "the weight %v is negative", v)
			}
		}
	}
	x, err = l.unique(x, column("user"), len(users), len(items))
	return x, users, items, err
}

func date(us int64) string { return time.UnixMicro(us).UTC().Format("2006-01-02 15:04:05") }

// number replaces ids by row numbers of the sorted ids.
func number(c *tabular.Column) (rows []int32, ids []string, err error) {
	values, err := c.IDs()
	if err != nil {
		return nil, nil, err
	}
	seen := make(map[string]int32)
	rows = make([]int32, len(values))
	last, row := "", int32(-1)
	for i, v := range values {
		if v != last || row < 0 { // files are often sorted by user
			var ok bool
			if row, ok = seen[v]; !ok {
				row = int32(len(ids))
				seen[v] = row
				ids = append(ids, v)
			}
			last = v
		}
		rows[i] = row
	}
	order := make([]int32, len(ids))
	for i := range order {
		order[i] = int32(i)
	}
	sortIDs(ids, order)
	place := make([]int32, len(ids))
	sorted := make([]string, len(ids))
	for to, from := range order {
		place[from], sorted[to] = int32(to), ids[from]
	}
	for i, r := range rows {
		rows[i] = place[r]
	}
	return rows, sorted, nil
}

// sortIDs sorts by number if all ids are whole numbers, and otherwise by text.
func sortIDs(ids []string, order []int32) {
	numbers := make([]int64, len(ids))
	for i, id := range ids {
		v, err := strconv.ParseInt(id, 10, 64)
		if err != nil || strconv.FormatInt(v, 10) != id {
			slices.SortFunc(order, func(a, b int32) int { return strings.Compare(ids[a], ids[b]) })
			return
		}
		numbers[i] = v
	}
	sort.Slice(order, func(a, b int) bool { return numbers[order[a]] < numbers[order[b]] })
}

// unique sorts pairs by user, then item, and keeps one row of each pair.
func (l *ownData) unique(x artifact.Interactions, place *tabular.Column, users, items int) (artifact.Interactions, error) {
	order := byUserAndItem(x, users, items)
	kept := order[:0]
	repeats := 0
	weight := x.Weight
	for at := 0; at < len(order); {
		best, end := order[at], at+1
		sum := 0.0
		if weight != nil {
			sum = weight[best]
		}
		for ; end < len(order) && x.User[order[end]] == x.User[best] && x.Item[order[end]] == x.Item[best]; end++ {
			next := order[end]
			if l.params.Repeats == "error" {
				return x, fmt.Errorf("%s, %s and %s are the same user and item; set repeats to last or first to keep one",
					l.params.File, place.Place(int(best)), place.Place(int(next)))
			}
			if weight != nil {
				sum += weight[next]
			}
			repeats++
			if l.replaces(x.Time, best, next) {
				best = next
			}
		}
		if weight != nil {
			weight[best] = sum
		}
		kept = append(kept, best)
		at = end
	}
	if repeats > 0 {
		l.cell.Note("%s: %d of %d rows repeat a user and an item; the %s row of each pair counts (repeats)", l.params.File, repeats, x.Len(), l.params.Repeats)
	}
	return x.Select(kept), nil
}

// replaces reports whether a later row of a pair counts instead of the one before.
func (l *ownData) replaces(time []int64, best, next int32) bool {
	if l.params.Repeats == "last" {
		return time == nil || time[next] >= time[best]
	}
	return time != nil && time[next] < time[best]
}

// byUserAndItem orders rows, and keeps the order of repeated pairs: it counts the rows of each item,
// then those of each user.
func byUserAndItem(x artifact.Interactions, users, items int) []int32 {
	order := make([]int32, x.Len())
	for i := range order {
		order[i] = int32(i)
	}
	for _, by := range []struct {
		key []int32
		n   int
	}{{x.Item, items}, {x.User, users}} {
		start := make([]int32, by.n+1)
		for _, k := range by.key {
			start[k+1]++
		}
		for k := range by.n {
			start[k+1] += start[k]
		}
		next := make([]int32, len(order))
		for _, row := range order {
			k := by.key[row]
			next[start[k]] = row
			start[k]++
		}
		order = next
	}
	return order
}

// attributes reads the table of the users.
func (l *ownData) attributes(users *artifact.Users) error {
	t, p := l.tables["users.file"], &l.params.Users
	if t == nil {
		return nil
	}
	id, names, numbers, err := usersColumns(t, p)
	if err != nil {
		return err
	}
	columns, err := t.Read(append([]int{id}, numbers...)...)
	if err != nil {
		return err
	}
	row, dropped, err := rowsOf(columns[0], users.ID)
	if err != nil {
		return err
	}
	var without []string
	for u, r := range row {
		if r < 0 {
			without = append(without, users.ID[u])
		}
	}
	if len(without) == len(users.ID) {
		return fmt.Errorf("%s has none of the users of %s, such as %q; its column %q holds ids such as %q",
			t.Name, l.params.File, users.ID[0], p.ID, firstOf(columns[0]))
	}
	if len(without) > 0 {
		l.cell.Note("%s has no row for %d of %d users, such as %q; their attributes are missing", t.Name, len(without), len(users.ID), without[0])
	}
	if dropped > 0 {
		l.cell.Note("%s has %d users without an interaction; they are dropped", t.Name, dropped)
	}
	var told []string
	for i, c := range columns[1:] {
		c.SetMissing(p.Missing)
		a, text, err := attribute(c, row, slices.Contains(p.Categories, names[i]))
		if err != nil {
			return err
		}
		users.Attributes = append(users.Attributes, a)
		told = append(told, text)
	}
	if len(told) > 0 {
		l.cell.Note("%s: attributes of the users are %s", t.Name, strings.Join(told, ", "))
	}
	return nil
}

func firstOf(c *tabular.Column) string {
	if texts, err := c.Texts(); err == nil && len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// usersColumns finds the columns of ids and attributes.
func usersColumns(t *tabular.Table, p *CSVUsers) (id int, names []string, numbers []int, err error) {
	if id, err = t.Find(p.ID, "parameter users.id"); err != nil {
		return 0, nil, nil, err
	}
	names = p.Attributes
	if len(names) == 0 {
		for i, name := range t.Columns {
			if i != id {
				names = append(names, name)
			}
		}
	}
	for _, name := range append(slices.Clone(names), p.Categories...) {
		i, err := t.Find(name, "an attribute")
		if err != nil {
			return 0, nil, nil, err
		}
		if name == "" || name == "part" || name == "user_id" && i != id {
			return 0, nil, nil, fmt.Errorf("%s: an attribute cannot be called %q, which foil uses itself; rename the column, or list others in users.attributes", t.Name, name)
		}
		if len(numbers) < len(names) {
			numbers = append(numbers, i)
		}
	}
	return id, names, numbers, nil
}

// rowsOf returns the row of each id in a table, or -1, and the number of rows that are of no id.
func rowsOf(c *tabular.Column, ids []string) (rows []int, others int, err error) {
	values, err := c.IDs()
	if err != nil {
		return nil, 0, err
	}
	at := make(map[string]int, len(values))
	for row, id := range values {
		if before, ok := at[id]; ok {
			return nil, 0, c.Errorf(row, "the id %q is in %s already; each id may have one row", id, c.Place(before))
		}
		at[id] = row
	}
	rows = make([]int, len(ids))
	found := 0
	for i, id := range ids {
		row, ok := at[id]
		if !ok {
			row = -1
		} else {
			found++
		}
		rows[i] = row
	}
	return rows, len(values) - found, nil
}

// attribute makes an attribute of a column. It is numeric if all values are numbers. told describes it.
func attribute(c *tabular.Column, rows []int, categories bool) (a artifact.Attribute, told string, err error) {
	a.Name = c.Name
	texts, err := c.Texts()
	if err != nil {
		return a, "", err
	}
	numeric, values := !categories && c.Time == nil, map[string]bool{}
	category := make([]string, len(rows))
	numbers := make([]float32, len(rows))
	least, most := math.Inf(1), math.Inf(-1)
	for u, row := range rows {
		numbers[u] = float32(math.NaN())
		if row < 0 || c.Missing(row) {
			continue
		}
		category[u] = texts[row]
		values[texts[row]] = true
		if !numeric {
			continue
		}
		v, ok := tabular.Plain(texts[row])
		switch {
		case !ok:
			numeric = false
		case v == math.Trunc(v) && float64(float32(v)) != v:
			return a, "", c.Errorf(row, "%s has too many digits for a number (float32); if the column holds codes, name it in users.categories", texts[row])
		default:
			numbers[u] = float32(v)
			least, most = min(least, v), max(most, v)
		}
	}
	switch {
	case len(values) == 0:
		return a, "", fmt.Errorf("the attribute %q is missing for all users; leave it out of users.attributes", c.Name)
	case numeric:
		a.Number = numbers
		return a, fmt.Sprintf("%s (numbers, %g to %g)", c.Name, least, most), nil
	}
	a.Category = category
	return a, fmt.Sprintf("%s (%d categories)", c.Name, len(values)), nil
}

// titles reads the table of the items.
func (l *ownData) titles(items *artifact.Items) error {
	t, p := l.tables["items.file"], &l.params.Items
	if t == nil {
		return nil
	}
	id, err := t.Find(p.ID, "parameter items.id")
	if err != nil {
		return err
	}
	title, err := t.Find(p.Title, "parameter items.title")
	if err != nil {
		return err
	}
	columns, err := t.Read(id, title)
	if err != nil {
		return err
	}
	row, _, err := rowsOf(columns[0], items.ID)
	if err != nil {
		return err
	}
	texts, err := columns[1].Texts()
	if err != nil {
		return err
	}
	items.Title = make([]string, len(row))
	without := 0
	for i, r := range row {
		if r < 0 {
			without++
		} else {
			items.Title[i] = texts[r]
		}
	}
	if without > 0 {
		l.cell.Note("%s has no row for %d of %d items; their titles are missing", t.Name, without, len(row))
	}
	return nil
}
