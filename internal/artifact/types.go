package artifact

// The types of artifacts, as kinds declare them for their inputs and outputs
// (untyped, so that they serve as pipeline.Type).
const (
	TypeInteractions = "interactions" // interactions.arrow, users.arrow, items.arrow
	TypeSplit        = "split"        // train, validation_* and test_*.arrow, users.arrow, items.arrow
	TypeImages       = "images"       // train.arrow, test.arrow, classes.arrow, image.json
	TypeRecommender  = "recommender"  // checkpoints of a training, or of a model without one: package checkpoints
	TypeClassifier   = "classifier"   // the same, with an attacker's weights beside the classifier's
	TypeScores       = "scores"       // scores of a program for the users of a split: package itemscores
	TypeLatents      = "latents"      // best.safetensors, last.safetensors, latents.json
	TypeMetrics      = "metrics"      // metrics.arrow, and outcomes.arrow for metrics that are means over users or images
	TypeReport       = "report"       // files for people; the kind names the file for the terminal
)
