"""The kind `feature_view`: what is known of each entity at the end of each period."""
