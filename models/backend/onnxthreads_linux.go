//go:build cgo

package backend

/*
#cgo LDFLAGS: -Wl,--wrap=wrapper_CreateSessionOptions

typedef void *(*set_threads)(void *options, int threads);
typedef void *(*set_entry)(void *options, const char *key, const char *value);

// ONNX Runtime's API is a table of functions. New versions only append to it.
enum { SET_INTRA_OP_NUM_THREADS = 24, ADD_SESSION_CONFIG_ENTRY = 130 };

static int foil_onnx_threads;

void foil_set_onnx_threads(int threads) { foil_onnx_threads = threads; }

// Weak: it is there only in a program that has compute-onnx.
extern void *__real_wrapper_CreateSessionOptions(const void *api, void **out) __attribute__((weak));

// The linker puts this in place of compute-onnx's function (--wrap), which leaves the
// number of threads at that of the machine's cores and has them wait in a loop for their
// next work. That takes processor time from other cells, and a step that shares its cores
// took twice as long; with nothing beside it a step gains little by it.
void *__wrap_wrapper_CreateSessionOptions(const void *api, void **out) {
	void *failed = __real_wrapper_CreateSessionOptions(api, out);
	if (failed || foil_onnx_threads < 1) return failed;
	failed = ((set_entry *)api)[ADD_SESSION_CONFIG_ENTRY](*out, "session.intra_op.allow_spinning", "0");
	if (failed) return failed;
	return ((set_threads *)api)[SET_INTRA_OP_NUM_THREADS](*out, foil_onnx_threads);
}
*/
import "C"

// limitsONNXThreads reports whether limitONNXThreads works.
const limitsONNXThreads = true

// limitONNXThreads sets the number of threads of graphs that ONNX Runtime compiles from now on.
// GoMLX's backend has no option for it.
func limitONNXThreads(threads int) { C.foil_set_onnx_threads(C.int(threads)) }
