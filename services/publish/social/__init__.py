"""What the channels of social platforms share: settings, stories, requests, pictures, budgets."""
