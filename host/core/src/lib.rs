//! What the server does: each public function is one use case.
