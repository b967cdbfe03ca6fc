"""What the author of an exercise asks: does it catch what it is for, and which numbers may it demand?"""
