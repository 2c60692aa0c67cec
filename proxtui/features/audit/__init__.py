"""The room of the audit: who changed what, with which result, and a proof that nobody altered it since."""
