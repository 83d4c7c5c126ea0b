package kernels

// SumRows writes the sum of the given rows of a matrix to sum. The matrix has as many columns as
// sum has elements.
func SumRows(matrix []float32, rows []int32, sum []float32) {
	sumRows(matrix, rows, sum, 0)
}

// sumRowsPlain sums the columns from first on.
func sumRowsPlain(matrix []float32, rows []int32, sum []float32, first int) {
	width := len(sum)
	clear(sum[first:])
	for _, r := range rows {
		row := matrix[int(r)*width : (int(r)+1)*width]
		for i := first; i < width; i++ {
			sum[i] += row[i]
		}
	}
}
