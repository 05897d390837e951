/** @file Switches onnxruntime's telemetry off; to be imported before it, since it looks when it is loaded. */

/** Left on, it keeps an identifier of the machine and a database of events in the user's home, to be uploaded. */
process.env.ORT_DISABLE_TELEMETRY = '1';
