"""Problems with tests."""
