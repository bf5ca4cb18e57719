"""Pictures to look at: contact sheets of classes and scenes."""
